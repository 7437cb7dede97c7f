// A modal dialog that a signal opens. The browser keeps the focus in it, and gives it back.
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
    <dialog ref={ref} class={cls} aria-label={label} onClose={() => (open.value = false)} onClick={outside}>
      {shown && <div>{children}</div>}
    </dialog>
  );
}
