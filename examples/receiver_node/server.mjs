// A merchant's receiver: verifies each webhook, takes each event once, and misses none.
// Node 18 or newer, no packages. Settings: WEBHOOK_SECRET, ZAMPAY_URL, ZAMPAY_API_KEY,
// ZAMPAY_TENANT_ID; EVENTS_FILE, PORT.

import { createHmac, timingSafeEqual } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const TOLERANCE_S = 5 * 60;
const MAX_BODY_BYTES = 1024 * 1024;
const PAGE = 100;
const { WEBHOOK_SECRET, ZAMPAY_URL, ZAMPAY_API_KEY, ZAMPAY_TENANT_ID } = process.env;
const { EVENTS_FILE = "events.jsonl", PORT = "3000" } = process.env;
const secret = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");

// The events that we have taken, by id and by number. A shop keeps them in its database.
const taken = new Set();
const numbers = new Set();
let known = null; // up to this number we have every event
if (existsSync(EVENTS_FILE)) {
  const lines = readFileSync(EVENTS_FILE, "utf8").split("\n").filter(Boolean);
  for (const event of lines.map((line) => JSON.parse(line))) remember(event);
}

// Whether the gateway signed this, and not long ago. During a rotation of the secret there are
// two signatures; one that fits is enough.
function isGenuine(headers, body) {
  const timestamp = headers["webhook-timestamp"] ?? "";
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!/^\d+$/.test(timestamp) || ageSeconds > TOLERANCE_S) return false;
  const hmac = createHmac("sha256", secret);
  const expected = hmac.update(`${headers["webhook-id"]}.${timestamp}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((one) => {
    const [version, signature = ""] = one.split(",");
    const given = Buffer.from(signature, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// Do what the event asks for, once: events may come twice, under the same id.
function take(event) {
  if (taken.has(event.id)) return;
  // Your own work goes here, in the same transaction: mark the order as paid.
  appendFileSync(EVENTS_FILE, JSON.stringify(event) + "\n", { flush: true });
  console.log(`#${event.sequence} ${event.type}`);
  remember(event);
}

function remember(event) {
  taken.add(event.id);
  numbers.add(event.sequence);
  known ??= event.sequence - 1;
  while (numbers.has(known + 1)) known += 1;
}

// Ask for what lies between. When that fails, the next webhook shows the gap again.
async function fetchMissing(before) {
  while (known < before - 1) {
    const answer = await fetch(`${ZAMPAY_URL}/api/v1/events?after=${known}&limit=${PAGE}`, {
      headers: { Authorization: `Bearer ${ZAMPAY_API_KEY}`, "x-tenant-id": ZAMPAY_TENANT_ID },
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`the feed answered ${answer.status}`);
    const { data } = await answer.json();
    if (data.length === 0) return;
    data.forEach(take);
  }
}

async function receive(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return 413;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (!isGenuine(request.headers, body)) return 401;
  const event = JSON.parse(body.toString("utf8"));
  if (event.sequence === null) return 200; // a test event
  take(event);
  try {
    await fetchMissing(event.sequence);
  } catch (error) {
    console.log(`events after #${known} cannot be fetched: ${error.message}`);
  }
  return 204;
}

const server = createServer(async (request, response) => {
  if (request.method === "GET" && request.url === "/received") {
    response.setHeader("Content-Type", "application/json");
    return response.end(JSON.stringify([...numbers].sort((a, b) => a - b))); // for a look
  }
  const wanted = request.method === "POST" && request.url === "/hooks";
  response.statusCode = wanted ? await receive(request).catch(() => 500) : 404;
  response.end();
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${PORT}`));
