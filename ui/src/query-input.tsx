// Where a query is written: a plain field until the editor has come, the same text in both.
import { computed, effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { visible } from './format';
import { Glyph } from './glyphs';
import { ask, cancelled, post, question, refusal } from './query-data';
import { refusalOf } from './query-ask';
import type { Editor } from './query-editor';
import { period } from './route';
import { nowMs } from './state';

const LOOKBACK_S = 3600; // names of metrics that fell silent a little while ago are still wanted

export const draft = signal('');
const asked = computed(() => question.value?.text ?? '');
const missing = signal(false); // the editor's file did not come
const ready = signal(false);

let editor: Editor | null = null;
let field: HTMLTextAreaElement | null = null;

export function goTo(at: number): void {
  if (editor) editor.goTo(at);
  field?.focus();
  field?.setSelectionRange(at, at);
}

export const runDraft = (): void => ask(draft.peek());

function periodS(): [number, number] {
  const { rangeS, endMs } = period.peek();
  const end = (endMs ?? nowMs.peek()) / 1000;
  return [Math.floor(end - rangeS - LOOKBACK_S), Math.ceil(end)];
}

// Lays the text out as the server would write it.
export async function format(): Promise<void> {
  const text = draft.peek();
  const found = await post('format_query', { query: text }, new AbortController());
  if (draft.peek() !== text) return;
  if (found.told) refusal.value = { text, told: refusalOf(found.told, text) };
  else {
    refusal.value = null;
    draft.value = found.data as string;
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  runDraft();
}

// Takes the place of the field, with its text, its caret and its focus.
function mount(host: HTMLElement, Made: typeof Editor): () => void {
  const caret = field && document.activeElement === field ? field.selectionStart : null;
  const made = (editor = new Made(host, draft.peek(), { onInput: (text) => (draft.value = text), onRun: runDraft, spell: visible, periodS }));
  ready.value = true;
  host.hidden = false; // before it takes the focus
  if (caret !== null) made.goTo(caret);
  const ends = [
    effect(() => made.set(draft.value)),
    effect(() => made.mark(refusal.value?.text === draft.value ? (refusal.value.told.place ?? null) : null)),
  ];
  return () => {
    ends.forEach((end) => end());
    made.close();
    editor = null;
    ready.value = false;
  };
}

export function QueryInput() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let unmount: (() => void) | null = null;
    let left = false;
    missing.value = false;
    import('./query-editor').then(
      (library) => {
        if (!left) unmount = mount(host.current!, library.Editor);
      },
      () => (missing.value = true),
    );
    return () => {
      left = true;
      unmount?.();
    };
  }, []);
  useEffect(() => effect(() => {
    draft.value = asked.value;
  }), []);
  const rows = Math.min(10, draft.value.split('\n').length);
  return (
    <div class="query-text">
      <div ref={host} class="editor" hidden={!ready.value} />
      {!ready.value && (
        <textarea ref={(element) => { field = element; }} rows={rows} aria-label="Query in PromQL" placeholder="A query in PromQL: rate(calls_total[5m])" spellcheck={false} autocomplete="off" autocapitalize="off"
          value={draft.value} onKeyDown={onKey} onInput={(event) => (draft.value = event.currentTarget.value)} />
      )}
      {missing.value && <p class="note-inline"><Glyph kind="unknown" quiet /> The editor could not be loaded: names do not complete. <button class="flat" onClick={() => location.reload()}>Reload</button></p>}
      {cancelled.value && <p class="note-inline" role="status">Cancelled. What is below, if anything, came before.</p>}
    </div>
  );
}
