import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { EventParser } = await load('stream.ts');

function parse(pieces) {
  const events = [];
  const parser = new EventParser((type, data) => events.push([type, data]));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const TEXT = ': hello\n\nid: 1\nevent: snapshot\ndata: {"a":1}\n\nevent: update\r\ndata: {"b":\r\ndata:2}\r\n\r\n: beat\n\ndata: plain\n\nevent: cut\ndata: {';
const EVENTS = [['snapshot', '{"a":1}'], ['update', '{"b":\n2}'], ['message', 'plain']];

test('events are whole whatever the pieces are', () => {
  assert.deepEqual(parse([TEXT]), EVENTS);
  assert.deepEqual(parse([...TEXT]), EVENTS);
  for (let at = 0; at < TEXT.length; at++) assert.deepEqual(parse([TEXT.slice(0, at), TEXT.slice(at)]), EVENTS);
});

test('a comment and an event without data say nothing', () => {
  assert.deepEqual(parse([': beat\n\n', 'event: bye\n\n', 'id: 4\n\n']), []);
});
