// The picture of the map: deterministic, nothing covers anything.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { BOX, curveOf, layoutOf, pathOf, pillOf, spread } = await load('map-layout.ts');

const node = (service, layer) => ({ service, layer });
const edge = (caller, service) => ({ caller, service });

// Numbers that look random and are the same each time.
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

function randomGraph(seed) {
  const next = numbers(seed);
  const nodes = Array.from({ length: 2 + next(60) }, (_, i) => node(`s${i}`, next(6)));
  const edges = Array.from({ length: next(150) }, () => edge(nodes[next(nodes.length)].service, nodes[next(nodes.length)].service));
  return { nodes, edges: edges.filter((e) => e.caller !== e.service) };
}

test('callers stand left of what they call, and a chain is straight', () => {
  const { places } = layoutOf([node('a', 0), node('b', 1), node('c', 2)], [edge('a', 'b'), edge('b', 'c')]);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => places.get(name));
  assert.ok(a.x + BOX.width < b.x && b.x + BOX.width < c.x);
  assert.ok(a.y === b.y && b.y === c.y);
});

test('boxes never cover each other and stay within the picture', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { nodes, edges } = randomGraph(seed);
    const { places, width, height } = layoutOf(nodes, edges);
    const all = [...places.values()];
    assert.equal(all.length, nodes.length);
    for (const [i, p] of all.entries()) {
      assert.ok(p.x >= 0 && p.y >= 16 && p.x + BOX.width <= width && p.y + BOX.height <= height, `seed ${seed}`);
      for (const q of all.slice(i + 1))
        assert.ok(Math.abs(p.x - q.x) >= BOX.width || Math.abs(p.y - q.y) >= BOX.height, `seed ${seed}`);
    }
  }
});

test('the same graph in another order is the same picture', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { nodes, edges } = randomGraph(seed);
    const one = layoutOf(nodes, edges);
    const two = layoutOf([...nodes].reverse(), [...edges].sort((a, b) => (a.service + a.caller < b.service + b.caller ? -1 : 1)));
    assert.deepEqual([one.width, one.height], [two.width, two.height]);
    for (const [name, place] of one.places) assert.deepEqual(two.places.get(name), place);
  }
});

test('neighbours stand at one height', () => {
  const layout = layoutOf([node('a', 0), node('b', 0), node('y', 1), node('z', 1)], [edge('a', 'z'), edge('b', 'y')]);
  assert.equal(layout.places.get('a').y, layout.places.get('z').y);
  assert.equal(layout.places.get('b').y, layout.places.get('y').y);
});

test('a label stands in the gap before the service, on the line', () => {
  const layout = layoutOf([node('a', 0), node('b', 1), node('c', 2), node('d', 2)], [edge('a', 'b'), edge('b', 'c'), edge('a', 'd')]);
  for (const e of [edge('a', 'b'), edge('a', 'd')]) {
    const curve = curveOf(layout, e);
    const pill = pillOf(curve);
    assert.ok(pill.x < curve.to.x && pill.x > curve.to.x - 104);
    const [low, high] = [Math.min(curve.from.y, curve.to.y), Math.max(curve.from.y, curve.to.y)];
    assert.ok(pill.y >= low - 1e-6 && pill.y <= high + 1e-6);
    assert.match(pathOf(curve, 3), /^M[\d.]+ [\d.]+C/);
  }
  assert.equal(curveOf(layout, edge('a', 'nobody')), null);
});

test('labels of one gap are moved apart', () => {
  const moved = spread([{ x: 5, y: 12 }, { x: 5, y: 10 }, { x: 90, y: 11 }, { x: 5, y: 80 }]);
  assert.deepEqual(moved, [{ x: 5, y: 10 }, { x: 5, y: 32 }, { x: 5, y: 80 }, { x: 90, y: 11 }]);
});

test('nothing at all is a picture', () => {
  const { width, height, places } = layoutOf([], []);
  assert.ok(width > 0 && height > 0);
  assert.equal(places.size, 0);
});
