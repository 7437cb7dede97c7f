// Gives a module of src/ to a test: bundled by esbuild, as the page gets it.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

export const source = join(dirname(fileURLToPath(import.meta.url)), '../src');

export async function load(name) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(source, name)], bundle: true, write: false, format: 'esm', target: 'es2021', charset: 'utf8',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
