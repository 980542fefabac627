// Decodes one packet a line of standard input (a JSON string each) with
// socket.io-parser and prints what it makes of it: null for a refusal, else
// {type, nsp, id, data, attachments}.

import { createInterface } from "node:readline";
import { Decoder } from "socket.io-parser";

for await (const line of createInterface({ input: process.stdin })) {
  const decoder = new Decoder();
  let result = null;
  decoder.on("decoded", ({ type, nsp, id, data }) => {
    result = { type, nsp, id, data };
  });
  try {
    decoder.add(JSON.parse(line));
    if (result === null) {
      // A binary packet that waits for its attachments: give it some.
      const { attachments } = decoder.reconstructor.reconPack;
      for (let i = 0; i < attachments; i++) {
        decoder.add(Buffer.from([i]));
      }
      result.attachments = attachments;
      result.type += 3; // it was turned into an EVENT or ACK
    }
  } catch {
    result = null;
  }
  console.log(JSON.stringify(result));
}
