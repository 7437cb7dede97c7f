// A fact with its name, as the cards of a service list them.
import type { ComponentChildren } from 'preact';

export function Fact({ label, children }: { label: string; key?: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}
