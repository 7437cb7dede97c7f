// What Fusebox says about itself, on every page: a bar for each condition, worst first, with what to do.
import { clock, visible } from './format';
import { Glyph } from './glyphs';
import { follow, storagePath } from './route';
import { notices } from './state';

// Of these the storage page shows more.
const SHOWN_THERE = new Set(['disk_full', 'memory', 'damaged']);

export function Notices() {
  return (
    <div class="notices" role="status">
      {notices.value.map(({ name, severity, text, since }) => (
        <div class={`note ${severity}`} key={name} id={`notice-${name}`}>
          <Glyph kind={severity} quiet />
          <span>
            {visible(text)} {since && <span class="nw">Since {clock(Date.parse(since))}.</span>}{' '}
            {SHOWN_THERE.has(name) && <a href={storagePath} onClick={(event) => follow(event, storagePath)}>Storage</a>}
          </span>
        </div>
      ))}
    </div>
  );
}
