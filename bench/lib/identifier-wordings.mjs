// Two sets of sentences about identifiers. `develop` is the one that search was improved on; `report` was only measured.
// ID stands for the identifier, NOUN for the thing it belongs to, FACT for what tells one page from the next.

/** Kinds of identifiers: how each is asked about, and how a page tells of it. */
export const WORDINGS = {
  develop: {
    nouns: [
      "heat pump",
      "label printer",
      "gateway",
      "conveyor",
      "scanner",
      "boiler",
      "relay board",
      "charger",
    ],
    facts: [
      "the supply voltage is too low",
      "the filter is blocked",
      "the token has run out",
      "the lid stands open",
      "the disk is nearly full",
      "the clock is wrong",
      "the licence is for another region",
      "the cable is longer than allowed",
    ],
    kinds: {
      error: [
        [
          "What does ID mean on the NOUN?",
          "The NOUN shows ID when FACT. Switch it off, wait a minute and start it again.",
        ],
        [
          "Why does our NOUN stop with ID?",
          "ID: the NOUN stops because FACT. Call the service desk if it comes back.",
        ],
        [
          "How do I clear ID?",
          "To clear ID on the NOUN, make sure that it is not so that FACT, then hold reset for five seconds.",
        ],
      ],
      product: [
        [
          "What is the weight of the NOUN ID?",
          "The NOUN ID weighs 14 kg and ships in one box. Order it when FACT.",
        ],
        ["Which spare part fits the ID?", "For the NOUN ID take spare part set B. It is needed when FACT."],
        ["Is ID still sold?", "ID, our NOUN for small sites, is sold until the end of the year unless FACT."],
      ],
      flag: [
        ["What happens when I pass ID?", "With ID the NOUN tool goes on even if FACT."],
        [
          "Which option of the NOUN tool is ID, and is it safe?",
          "ID makes the NOUN tool print each step. It is safe unless FACT.",
        ],
        ["Can ID be used in a script?", "Scripts for the NOUN may use ID; the exit code is 3 when FACT."],
      ],
      name: [
        ["What is the default of ID?", "The setting ID of the NOUN is 30 by default. Raise it when FACT."],
        [
          "Where do I set ID for the NOUN?",
          "Set ID in the NOUN's settings file and restart it. A wrong value has no effect when FACT.",
        ],
        ["Who reads ID?", "ID is read by the NOUN service at start. It is ignored when FACT."],
      ],
      version: [
        ["What changed in ID?", "ID of the NOUN software no longer restarts when FACT."],
        ["Does the NOUN run with ID?", "The NOUN needs firmware ID or later, since FACT in earlier ones."],
        ["When was ID released?", "ID for the NOUN came out in spring. It was held back because FACT."],
      ],
    },
    rivals: [
      "Weekly report. Tickets closed: 14, among them IDS. Nothing else of note happened.",
      "Search index of the old manual, kept for reference: IDS.",
      "Anna asked about IDS in the corridor. We will talk about it on Friday.",
    ],
  },
  report: {
    nouns: [
      "ice maker",
      "turnstile",
      "weather station",
      "sorter",
      "dosing unit",
      "lift controller",
      "badge reader",
      "inverter",
    ],
    facts: [
      "two probes disagree",
      "a door has been forced",
      "the reservoir runs dry",
      "nobody confirmed the alarm",
      "the mains frequency drifts",
      "the firmware image is unsigned",
      "the queue is longer than a thousand",
      "the belt slips",
    ],
    kinds: {
      error: [
        [
          "Our technician reads ID off the display of the NOUN; what is the cause?",
          "Cause of ID at the NOUN: FACT. Remedy: replace the fuse, then acknowledge.",
        ],
        [
          "Is ID serious?",
          "The message ID is raised by the NOUN whenever FACT. It is harmless for up to an hour.",
        ],
        ["Please tell me what to do about ID.", "When you see ID, go to the NOUN and check whether FACT."],
      ],
      product: [
        [
          "How much power does the NOUN of type ID draw?",
          "Type ID is a NOUN that draws 450 watts, or 600 while FACT.",
        ],
        [
          "I would like to order ID; how long does it take?",
          "Delivery of the NOUN ID takes nine working days, longer if FACT.",
        ],
        [
          "Do we have a manual for ID?",
          "The manual of ID (NOUN) is on the shelf of room 2. Chapter 4 says what to do if FACT.",
        ],
      ],
      flag: [
        [
          "Someone told me to run it with ID, why?",
          "Run the NOUN command with ID to keep the log open in case FACT.",
        ],
        ["Is there a drawback to ID?", "A drawback of ID: the NOUN command takes twice as long once FACT."],
        [
          "In which release did ID appear for the NOUN command?",
          "ID, new in this release of the NOUN command, stops the run as soon as FACT.",
        ],
      ],
      name: [
        [
          "Explain ID to me, please.",
          "In the NOUN configuration, ID tells how many attempts are made after FACT.",
        ],
        ["May ID be zero?", "ID may be zero; then the NOUN waits for ever whether or not FACT."],
        ["Which unit does ID of the NOUN have?", "ID counts seconds. The NOUN takes ten of them when FACT."],
      ],
      version: [
        [
          "Should we update the NOUN to ID?",
          "We advise everyone with a NOUN to move to ID, particularly if FACT.",
        ],
        ["Known bugs of ID?", "Known bug in ID: the NOUN loses its settings when FACT."],
        [
          "Which NOUN models still have ID on them?",
          "Models of the NOUN made before May carry ID and fail when FACT.",
        ],
      ],
    },
    rivals: [
      "Minutes of the meeting. On the list were IDS. The next meeting is on Tuesday.",
      "Copied from the chat: has anybody heard of IDS? No answer so far.",
      "Keywords for the archive box: IDS.",
    ],
  },
};
