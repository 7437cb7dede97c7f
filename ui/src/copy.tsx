// Copies the link to what is shown. Over plain HTTP a page has no clipboard: then the link is shown, selected.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from './dialog';
import { endText } from './period';
import { hasCharts, period } from './route';
import { nowMs } from './state';

const SAID_MS = 4000;

const open = signal(false);
const link = signal('');
export const said = signal('');
let timer = 0;

// `fixed`: where the charts end now they will end for whoever opens it.
export async function copyLink(fixed: boolean): Promise<void> {
  const url = new URL(location.href);
  if (fixed && hasCharts.peek() && period.peek().endMs === null) url.searchParams.set('end', endText(nowMs.peek()));
  link.value = url.href.replace(/%3A/g, ':');
  try {
    await navigator.clipboard.writeText(link.value);
    said.value = fixed ? 'Link copied, as it is now' : 'Link copied';
    clearTimeout(timer);
    timer = setTimeout(() => (said.value = ''), SAID_MS);
  } catch {
    open.value = true;
  }
}

function Field() {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => ref.current?.select(), []);
  return (
    <>
      <h2>Copy this link</h2>
      <input ref={ref} class="link" type="text" readOnly aria-label="Link to this view" value={link.value} />
      <button onClick={() => (open.value = false)}>Close</button>
    </>
  );
}

export const CopyDialog = () => <Dialog open={open} label="Link"><Field /></Dialog>;
