/** Databases of their own on the PostgreSQL server that the tests are given. */
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';

/** An empty database; the server under test migrates it. `drop` removes it, whoever is still connected. */
export async function newDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = process.env.TEST_POSTGRES_URL;
  if (!server) throw new Error('TEST_POSTGRES_URL is not set; run the tests with: make e2e');
  const name = `maska_e2e_${randomBytes(8).toString('hex')}`;
  const run = async (statement: string) => {
    const sql = postgres(server, { max: 1, onnotice: () => {} });
    await sql.unsafe(statement);
    await sql.end();
  };
  await run(`CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(`DROP DATABASE ${name} WITH (FORCE)`) };
}
