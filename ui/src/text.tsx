// Foreign text on the page, and the sentence that leads it.
import type { ComponentChildren } from 'preact';
import { cut, visible } from './format';
import { Glyph } from './glyphs';
import { follow, servicePath } from './route';
import type { Sentence } from './views';

const NAME_MAX = 64;
const TITLE_MAX = 512;

// A foreign name: text only, odd characters spelled, cut with the whole beside it.
const nameWhole = (text: string) => visible(text) || '(no name)';
export const nameTitle = (text: string): string => cut(nameWhole(text), TITLE_MAX);
export const nameText = (text: string, max = NAME_MAX): string => cut(nameWhole(text), max);

// The same, isolated in its direction.
export const Name = ({ text, max }: { text: string; max?: number }) => <bdi title={nameTitle(text)}>{nameText(text, max)}</bdi>;

export function ServiceLink({ service, text = service }: { service: string; text?: string }) {
  const path = servicePath(service);
  return <a href={path} onClick={(event) => follow(event, path)}><Name text={text} /></a>;
}

// The sentence with the names in it that lead somewhere. Each link takes the first place that is still free.
function linked(sentence: Sentence, own: string | null): ComponentChildren[] {
  let parts: ComponentChildren[] = [sentence.text];
  for (const { text, service } of sentence.links ?? []) {
    if (service === own || text === '') continue;
    const i = parts.findIndex((part) => typeof part === 'string' && part.includes(text));
    if (i < 0) continue;
    const part = parts[i] as string;
    const at = part.indexOf(text);
    parts = [...parts.slice(0, i), part.slice(0, at), <ServiceLink service={service} text={text} />, part.slice(at + text.length), ...parts.slice(i + 1)];
  }
  return parts.map((part) => (typeof part === 'string' ? visible(part) : part));
}

export function Lead({ sentence, own = null }: { sentence: Sentence; own?: string | null }) {
  return (
    <div class="lead">
      <Glyph kind={sentence.severity} large />
      <div class="grow">
        <h1>{linked(sentence, own)}</h1>
        {sentence.detail && <p class="s">{visible(sentence.detail)}</p>}
      </div>
    </div>
  );
}
