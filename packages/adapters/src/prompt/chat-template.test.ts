import type { Message } from "@advisor/contracts";
import { describe, expect, it } from "vitest";
import { compileChatTemplate } from "./chat-template.ts";

const compile = (template: string | undefined) =>
  compileChatTemplate({ modelName: "m", template, bosText: "<s>", eosText: "</s>" });

const CHATML =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const MISTRAL =
  "{{ bos_token }}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}" +
  "{% if m.role == 'user' %}[INST] {{ m.content | trim }} [/INST]{% elif m.role == 'assistant' %} {{ m.content }}{{ eos_token }}{% else %}{{ raise_exception('no system role') }}{% endif %}{% endfor %}";

const talk = (...turns: readonly [Message["role"], string][]): Message[] =>
  turns.map(([role, content]) => ({ role, content }));

describe("compileChatTemplate", () => {
  it("lays messages out and keeps contents apart", () => {
    const { parts, text } = compile(CHATML).render(
      talk(["system", "Be brief."], ["user", " Hello {{ bos_token }} "]),
    );
    expect(text).toBe(
      "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hello {{ bos_token }} <|im_end|>\n<|im_start|>assistant\n",
    );
    expect(parts.filter(({ type }) => type === "content").map((part) => part.text)).toEqual([
      "Be brief.",
      " Hello {{ bos_token }} ",
    ]);
  });

  it("trims contents where the template does, and only there", () => {
    const rendered = compile(MISTRAL).render(
      talk(["user", "  hi  "], ["assistant", "  yes  "], ["user", "so?"]),
    );
    expect(rendered.text).toBe("<s>[INST] hi [/INST]   yes  </s>[INST] so? [/INST]");
  });

  it("folds the system message into the first user message where there is no such role", () => {
    expect(compile(MISTRAL).render(talk(["system", "Be brief."], ["user", "Hello"])).text).toBe(
      "<s>[INST] Be brief.\n\nHello [/INST]",
    );
    const ignoring = "{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    expect(compile(ignoring).render(talk(["system", "Be brief."], ["user", "Hello"])).text).toBe(
      "<user>Be brief.\n\nHello",
    );
  });

  it("joins neighbours and starts with the user where roles must alternate", () => {
    expect(
      compile(MISTRAL).render(talk(["user", "a"], ["user", "b"], ["assistant", "c"], ["user", "d"])).text,
    ).toBe("<s>[INST] a\n\nb [/INST] c</s>[INST] d [/INST]");
    expect(compile(MISTRAL).render(talk(["assistant", "c"], ["user", "d"])).text).toBe(
      "<s>[INST]  [/INST] c</s>[INST] d [/INST]",
    );
  });

  it("lets no content reach the template's logic", () => {
    const thinking =
      "{% for m in messages %}{% if '</think>' in m.content %}SECRET{% endif %}<{{ m.role }}>{{ m.content.split('</think>')[-1] }}{% endfor %}";
    expect(compile(thinking).render(talk(["user", "a</think>b"])).text).toBe("<user>a</think>b");
    expect(compile(CHATML).render(talk(["user", "\f\uE0F01\uE0F1\f"])).text).toContain("\f\uE0F01\uE0F1\f");
  });

  it("knows what ends a reply", () => {
    expect(compile(CHATML).afterReply).toBe("<|im_end|>\n");
    expect(compile(MISTRAL).afterReply).toBe("</s>");
  });

  it("warns when there is no template, and uses ChatML", () => {
    const template = compile(undefined);
    expect(template.warnings.map(({ code }) => code)).toEqual(["chat_template_missing"]);
    expect(template.render(talk(["user", "hi"])).text).toBe(
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(compile(CHATML).warnings).toEqual([]);
  });

  it("names a template that cannot be read or that takes no messages", () => {
    const unsupported = expect.objectContaining({ code: "model_unsupported", subject: "m" });
    expect(() => compile("{% for %}")).toThrow(unsupported);
    expect(() => compile("nothing").render(talk(["user", "hi"]))).toThrow(unsupported);
    expect(() => compile("{{ raise_exception('never') }}").render(talk(["user", "hi"]))).toThrow(/never/);
  });
});
