// The editor of a query: CodeMirror with PromQL, a chunk of its own that the query page alone loads.
//
//   editor = new Editor(host, text, events) -> { set | mark | goTo | selectors }* -> close()
//
// It shares no file with the page, so that the page stays one file. It lives in a shadow root: there its styles are adopted sheets, which the page's policy allows; the colours are the
// page's tokens, which reach into it.
import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, completionStatus, moveCompletionSelection, selectedCompletion, type CompletionContext } from '@codemirror/autocomplete';
import { history, historyKeymap, insertNewline, standardKeymap } from '@codemirror/commands';
import { HighlightStyle, LRLanguage, bracketMatching, syntaxHighlighting } from '@codemirror/language';
import { EditorState, StateEffect, StateField, type Extension } from '@codemirror/state';
import { Decoration, EditorView, keymap, placeholder, type DecorationSet, type KeyBinding } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { HybridComplete } from '@prometheus-io/codemirror-promql/dist/esm/complete/hybrid';
import { parser } from '@prometheus-io/lezer-promql';
import { Names } from './query-names';

export interface EditorEvents {
  onInput(text: string): void;
  onRun(): void;
  spell(name: string): string; // as the page shows foreign names
  periodS(): [number, number]; // what is completed has samples in it
}

const TEXT_MAX = 16_384; // as the server's
const SELECTORS_MAX = 8;

const language = LRLanguage.define({ parser: parser.configure({ top: 'PromQL' }), languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['(', '[', '{', '"', "'", '`'] } } });

const theme = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: '.875rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace', lineHeight: '1.25rem' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-placeholder': { color: 'var(--ink3)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--crit-soft)' },
  '.cm-wrong': { backgroundColor: 'var(--crit-soft)', textDecoration: 'underline wavy var(--crit-mark)', textUnderlineOffset: '3px' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--surface)', border: '1px solid var(--rule)', borderRadius: '5px', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'inherit', maxHeight: '14rem', maxWidth: 'min(700px, 92vw)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', display: 'flex', gap: '10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { color: 'var(--ink)', backgroundColor: 'var(--accent-soft)' },
  '.cm-completionLabel': { flex: 'none', maxWidth: '70vw', overflow: 'hidden', textOverflow: 'ellipsis' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '650', color: 'var(--accent)' },
  '.cm-completionDetail': { marginLeft: 'auto', fontStyle: 'normal', color: 'var(--ink3)' },
  '.cm-completionInfo': { padding: '6px 10px', maxWidth: '320px', color: 'var(--ink2)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--accent)', fontWeight: '600' },
  { tag: [tags.function(tags.variableName), tags.standard(tags.variableName)], color: 'var(--accent)' },
  { tag: tags.labelName, color: 'var(--ink2)' },
  { tag: tags.string, color: 'var(--ok)' },
  { tag: tags.number, color: 'var(--warn)' },
  { tag: tags.comment, color: 'var(--ink3)', fontStyle: 'italic' },
]);

// --- the marked place; the next change of the text takes it away

const setPlace = StateEffect.define<{ from: number; to: number } | null>();
const wrong = Decoration.mark({ class: 'cm-wrong' });
const place = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, { docChanged, effects }) {
    const told = effects.find((effect) => effect.is(setPlace));
    if (told) return told.value === null ? Decoration.none : Decoration.set([wrong.range(told.value.from, told.value.to)]);
    return docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// --- keys: Enter runs, unless a completion was chosen; Tab takes the first one, and leaves where there is none

function accept(view: EditorView): boolean {
  if (completionStatus(view.state) !== 'active') return false;
  if (!selectedCompletion(view.state)) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

function run(events: EditorEvents) {
  return (view: EditorView): boolean => {
    closeCompletion(view);
    events.onRun();
    return true;
  };
}

const keys = (events: EditorEvents): readonly KeyBinding[] => [
  { key: 'Mod-Enter', run: run(events) },
  { key: 'Shift-Enter', run: insertNewline },
  { key: 'Enter', run: (view) => (selectedCompletion(view.state) !== null && acceptCompletion(view)) || run(events)(view) },
  { key: 'Tab', run: accept },
  ...closeBracketsKeymap,
  ...completionKeymap.filter(({ key }) => key !== 'Enter'),
  ...historyKeymap,
  ...standardKeymap.filter(({ key }) => key !== 'Enter'),
];

// Where typed text takes the place of a selection the browser writes inline styles, which the page's policy forbids.
const replaceSelection = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== 'insertText' || event.data === null || view.composing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

// --- completion: the library's, with the server's names; what cannot be seen in a name is spelled

function completion(names: Names, spell: EditorEvents['spell']): Extension {
  const strategy = new HybridComplete(names);
  const source = async (context: CompletionContext) => {
    const found = await strategy.promQL(context);
    return found && { ...found, options: found.options.map((option) => ({ ...option, displayLabel: spell(option.displayLabel ?? option.label) })) };
  };
  return [autocompletion({ defaultKeymap: false, selectOnOpen: false, interactionDelay: 0, icons: false, maxRenderedOptions: 60 }), language.data.of({ autocomplete: source })];
}

export class Editor {
  private readonly view: EditorView;
  private readonly names: Names;

  constructor(host: HTMLElement, text: string, events: EditorEvents) {
    this.names = new Names(() => events.periodS());
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
    this.view = new EditorView({
      root, parent: root,
      state: EditorState.create({
        doc: text,
        extensions: [
          language, completion(this.names, events.spell), history(), closeBrackets(), bracketMatching(), syntaxHighlighting(colours), theme, place, replaceSelection,
          keymap.of(keys(events)), EditorView.lineWrapping, placeholder('A query in PromQL: rate(calls_total[5m])'),
          EditorView.contentAttributes.of({ 'aria-label': 'Query in PromQL' }),
          EditorState.changeFilter.of((change) => change.newDoc.length <= TEXT_MAX),
          EditorView.updateListener.of((update) => update.docChanged && events.onInput(update.state.doc.toString())),
        ],
      }),
    });
  }

  close(): void {
    this.names.destroy();
    this.view.destroy();
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set(text: string): void {
    const insert = text.slice(0, TEXT_MAX);
    if (insert !== this.text) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert }, selection: { anchor: insert.length } });
  }

  mark(where: { from: number; to: number } | null): void {
    const length = this.view.state.doc.length;
    const fits = where !== null && where.from < where.to && where.to <= length;
    this.view.dispatch({ effects: setPlace.of(fits ? where : null) });
  }

  goTo(at: number): void {
    this.view.dispatch({ selection: { anchor: Math.min(at, this.view.state.doc.length) }, scrollIntoView: true });
    this.view.focus();
  }
}

// The selectors that stand in a query, each once: what it asks the store for.
export function selectorsOf(text: string): readonly string[] {
  const found = new Set<string>();
  parser.parse(text).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'VectorSelector' && found.size < SELECTORS_MAX) found.add(text.slice(from, to));
    },
  });
  return [...found];
}
