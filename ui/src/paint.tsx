// Figures that change each second, painted into elements that stay.
//
// The tree of a mark is built once; what it shows are functions of the value. A new value sets the texts and attributes
// that differ from what was set last, and nothing is compared but these words.
//
//   <span ref={bind.to({ text: (row) => count(row.calls), class: colourOf })} />      when it is built
//   bind.paint(row)                                                                   as often as it changes
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';

// `text` is the element's whole content, any other name an attribute; null: no such attribute.
export type Parts<T> = Record<string, (value: T) => string | null>;

interface Part<T> {
  name: string;
  element: Element;
  of: (value: T) => string | null;
  last: string | null | undefined; // undefined: not painted yet
}

function setText(element: Element, text: string | null): void {
  if (element.firstChild) (element.firstChild as Text).data = text ?? '';
  else element.textContent = text;
}

export class Bind<T> {
  private parts: Part<T>[] = [];

  // The ref of an element that is painted from now on. Whatever was painted stays on an element that is used again: give the tree a key.
  to(parts: Parts<T>): (element: Element | null) => void {
    let mine: Part<T>[] = [];
    return (element) => {
      this.parts = this.parts.filter((part) => !mine.includes(part));
      mine = element ? Object.entries(parts).map(([name, of]) => ({ name, element, of, last: undefined })) : [];
      this.parts.push(...mine);
    };
  }

  paint(value: T): void {
    for (const part of this.parts) {
      const next = part.of(value);
      if (next === part.last) continue;
      part.last = next;
      if (part.name === 'text') setText(part.element, next);
      else if (next === null) part.element.removeAttribute(part.name);
      else part.element.setAttribute(part.name, next);
    }
  }
}

// A mark outside the list, painted whenever its parent is drawn.
export function Painted<T>({ value, children }: { value: T; children: (bind: Bind<T>) => VNode }) {
  const bind = useMemo(() => new Bind<T>(), []);
  useLayoutEffect(() => bind.paint(value));
  return useMemo(() => children(bind), []);
}
