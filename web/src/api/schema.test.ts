// @vitest-environment node
import { readFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';

const file = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

test('the types are those of openapi.json; npm run types writes them', async () => {
  const wanted = astToString(await openapiTS(await file('../../openapi.json')));
  expect((await file('schema.ts')).endsWith(wanted)).toBe(true);
});
