// The server that the founding document sketches (Fastify, Socket.IO, pg, one INSERT a message), made
// to run, as the measure of ours. Against the sketch:
// - a client is in the room that it names, and messages go to the same room;
// - the rooms and users that messages point to exist;
// - a message is acknowledged, after its INSERT;
// - no line is logged for each connection.
//
//   DATABASE_URL=postgres://… node server.js        (an empty database)
//   node server.js --no-database
import Fastify from 'fastify';
import pg from 'pg';
import { Server } from 'socket.io';

const noDatabase = process.argv.includes('--no-database');
const insert = noDatabase ? insertNowhere() : await insertInto(process.env.DATABASE_URL);

const fastify = Fastify();
const io = new Server(fastify.server, { cors: { origin: true, credentials: true } });
fastify.get('/health', async () => ({ ok: true }));

io.on('connection', (socket) => {
  socket.on('join', ({ roomId }) => {
    socket.join(String(roomId));
    socket.emit('joined', { room: roomId });
  });

  socket.on('message', async (msg, ack) => {
    if (!msg?.content) return;
    try {
      const row = await insert(msg.roomId || 1, msg.userId || null, msg.content);
      const saved = { id: row.id, content: msg.content, userId: msg.userId, roomId: msg.roomId || 1, created_at: row.created_at };
      io.to(String(saved.roomId)).emit('message', saved);
      ack?.({ id: saved.id, created_at: saved.created_at });
    } catch (error) {
      console.error(error);
    }
  });
});

console.log(`listening on ${await fastify.listen({ port: Number(process.env.PORT || 0), host: '127.0.0.1' })}`);

function insertNowhere() {
  let id = 0;
  return async () => ({ id: ++id, created_at: new Date() });
}

async function insertInto(connectionString) {
  const pool = new pg.Pool({ connectionString });
  await pool.query(`
    CREATE TABLE users(
      id SERIAL PRIMARY KEY,
      tg_user_id BIGINT NULL UNIQUE,
      anon_name TEXT,
      avatar_url TEXT,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT now()
    );
    CREATE TABLE rooms(
      id SERIAL PRIMARY KEY,
      name TEXT,
      type TEXT DEFAULT 'group',
      created_at TIMESTAMP WITH TIME ZONE DEFAULT now()
    );
    CREATE TABLE messages(
      id SERIAL PRIMARY KEY,
      room_id INTEGER REFERENCES rooms(id) ON DELETE CASCADE,
      user_id INTEGER REFERENCES users(id) ON DELETE SET NULL,
      content TEXT,
      created_at TIMESTAMP WITH TIME ZONE DEFAULT now()
    );
    INSERT INTO users(anon_name) SELECT 'User' || n FROM generate_series(1, 100000) AS n;
    INSERT INTO rooms(name) SELECT 'Room' || n FROM generate_series(1, 10000) AS n;
  `);
  return async (roomId, userId, content) => {
    const result = await pool.query('INSERT INTO messages(room_id, user_id, content) VALUES($1,$2,$3) RETURNING id, created_at', [
      roomId,
      userId,
      content,
    ]);
    return result.rows[0];
  };
}
