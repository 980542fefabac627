import React, { useEffect, useState } from 'react';
import Chat from './Chat';
import { getInitData } from './telegram';

const SERVER = import.meta.env.VITE_SERVER_URL || 'http://localhost:3000';

export default function App(){
  const [token, setToken] = useState(null);
  const [user, setUser] = useState(null);

  useEffect(() => {
    async function auth() {
      const initData = getInitData();
      const res = await fetch(`${SERVER}/auth`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ initData })
      });
      if (res.ok) {
        const data = await res.json();
        setToken(data.token);
        setUser(data.user);
      } else {
        console.error('auth failed', await res.text());
      }
    }
    auth();
  }, []);

  if (!token) return <div>Авторизация...</div>;
  return <Chat server={SERVER} token={token} user={user} />
}
