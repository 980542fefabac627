import React, { useEffect, useState } from 'react';
import { io } from 'socket.io-client';

export default function Chat({ server, token, user }) {
  const [socket, setSocket] = useState(null);
  const [messages, setMessages] = useState([]);
  const [text, setText] = useState('');

  useEffect(() => {
    const s = io(server, { auth: { token } });
    s.on('connect', () => {
      console.log('connected', s.id);
      s.emit('auth', { token });
    });
    s.on('message', (msg) => {
      setMessages(prev => [...prev, msg]);
    });
    setSocket(s);
    return () => s.disconnect();
  }, [server, token]);

  const send = () => {
    if (!text.trim()) return;
    socket.emit('message', { roomId: 1, userId: user?.id || null, content: text });
    setText('');
  };

  return (
    <div style={{padding:20}}>
      <h3>Анонимный чат (MVP)</h3>
      <div style={{border:'1px solid #ddd', height:400, overflow:'auto', padding:10}}>
        {messages.map((m,i)=> <div key={i}><b>{m.userId || 'anon'}:</b> {m.content}</div>)}
      </div>
      <div style={{marginTop:10}}>
        <input value={text} onChange={e=>setText(e.target.value)} style={{width:'80%'}} />
        <button onClick={send}>Отправить</button>
      </div>
    </div>
  );
}
