import { stem } from "./stem.ts";

/**
 * Words that people use for one thing, a group a line: what a question calls a vacation, a page may call paid leave.
 * General English of offices, products and computers, written by hand. Order within a group means nothing.
 */
const GROUPS = `
price cost fee charge rate amount tariff
pay payment paid reimburse refund compensate contribute
salary wage pay earnings income
cheap cheapest low lowest affordable inexpensive
expensive costly dear
free complimentary gratis
discount rebate reduction
money budget cash funds allowance
buy purchase order acquire procure
sell sale vend
offer quote quotation proposal bid
invoice bill billing
customer client buyer
supplier vendor seller
contract agreement deal
shipping freight delivery postage transport ship dispatch
return refund exchange
warranty guarantee
vacation holiday leave absence
sick ill illness sickness
doctor physician medical
parental maternity paternity
father dad paternity
mother mum mom maternity
child kid baby birth
job work position role employment
hire recruit employ onboard
new starter newcomer joiner
quit resign leave terminate notice
dismiss fire terminate layoff
employee staff worker colleague personnel
boss manager supervisor lead head
company firm business organization organisation employer
office site premises building location
home remote remotely telework
travel trip journey
train rail railway
flight fly plane air airline
hotel accommodation lodging overnight
car vehicle drive
meal food lunch dinner breakfast
training course education learning
meeting call conference
phone telephone mobile smartphone cellphone
email mail e-mail message
sms text
computer laptop pc notebook workstation machine
device unit machine equipment hardware
password passphrase credential pin
login logon sign-in log sign authenticate authentication
logout logoff sign-out session
lock block disable
user account member person
access permission right privilege authorization
allow permit may let
forbid prohibit ban disallow
must require need mandatory obligatory compulsory
security safety protection
breach incident leak
attack hack phishing fraud scam
encrypt encryption cipher
backup copy
delete remove erase wipe purge
keep retain store retention preserve save
lose loss lost
steal stolen theft
report notify tell inform announce
contact reach call
help support assist assistance
problem issue fault error failure defect trouble
repair fix mend
replace exchange swap substitute
break fail crash malfunction
outage blackout downtime cut
restart reboot reset
start begin launch commence open
stop end halt finish cease abort cancel
install setup deploy
update upgrade patch
release version edition
configuration config setting settings option
default factory preset
command instruction
file document
folder directory
port socket
network connection internet uplink
offline disconnected unreachable
wireless wifi wi-fi
battery cell cells power accumulator
charge recharge
temperature heat cold warm
cold freeze freezing low
hot warm high
accuracy accurate exact precise precision tolerance
measure measurement reading
calibrate calibration
weight weigh heavy mass
size dimension dimensions large big
length long
height high tall
width wide
depth deep
speed fast quick rapid
memory storage capacity hold
limit maximum max most cap ceiling
minimum min least lowest
duration long time period lifetime life
deadline due date
interval frequency often every
year annual annually yearly
month monthly
week weekly
day daily
hour hourly
night overnight
share percentage percent proportion fraction ratio
number count amount quantity
average mean
increase rise grow raise growth
decrease fall drop reduce decline
profit earnings surplus
revenue turnover sales income
dividend payout
tax vat duty levy
approve approval authorise authorize sign
review check inspect audit examine
rule policy guideline regulation
law legal statute
plan subscription tier package
trial test try demo
feature function capability
school university college teaching education academic
hospital clinic ward pharmacy
city town
country nation state
founder founded establish established found created
lead leader head
win won victory beat defeat
die died death dead
born birth
kill killed murder
war battle conflict
king ruler monarch
author writer wrote written
movie film
song music
build built construct constructed construction
make made produce manufacture create
show display reveal
use utilise utilize employ
get receive obtain
give provide grant supply
choose select pick
change modify alter switch
ask request demand
answer reply respond response
explain describe
mean stand signify
name call title
`;

/** Closeness of two words of a group, against 1 for the same word. */
export const SYNONYM_WEIGHT = 0.6;

const groupsOf = new Map<string, number[]>();
const members: string[][] = [];
for (const [group, line] of GROUPS.trim().split("\n").entries()) {
  const stems = [...new Set(line.split(" ").map(stem))];
  members.push(stems);
  for (const term of stems) groupsOf.set(term, [...(groupsOf.get(term) ?? []), group]);
}

/** The stems that stand in a group with this one, itself left out. */
export function synonymsOf(term: string): readonly string[] {
  return (groupsOf.get(term) ?? [])
    .flatMap((group) => members[group] ?? [])
    .filter((other) => other !== term);
}
