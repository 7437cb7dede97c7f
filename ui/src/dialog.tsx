// A modal dialog that a signal opens. The browser keeps the focus in it, and gives it back. Escape is heard as it is
// pressed: the close event comes a moment later, and a key in between would be lost.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface DialogProps {
  open: Signal<boolean>;
  label: string;
  class?: string;
  children: ComponentChildren;
}

export function Dialog({ open, label, class: cls, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const shown = open.value;
  useEffect(() => {
    if (shown) ref.current?.showModal(); // what is in it is there already, and takes the focus
    else ref.current?.close();
  }, [shown]);
  const outside = (event: MouseEvent) => event.target === ref.current && (open.value = false);
  return (
    <dialog ref={ref} class={cls} aria-label={label} onCancel={() => (open.value = false)} onClose={() => (open.value = false)} onClick={outside}>
      {shown && <div>{children}</div>}
    </dialog>
  );
}
