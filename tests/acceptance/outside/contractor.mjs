#!/usr/bin/env node
// A contractor of its own: Node.js, amqplib and the pages in `protocols/`, nothing of contractnet. A model for
// implementers.
//
//     PRICE=50000 WORK_MS=300 node contractor.mjs amqp://guest:guest@127.0.0.1 ann text.count deliver
//
// The last word is the part to play: deliver, fail, repair, late, refuse, slow or withdraw. P1 to P39 are rows of table P,
// 1 to 6 steps of the gate. What it knows is in memory; one that is to survive a crash journals it before it speaks.

import { createRequire } from "node:module";

const amqp = createRequire(import.meta.url)("amqplib"); // installed beside this file, or where NODE_PATH says
const [BROKER, AGENT, SKILL, PART] = process.argv.slice(2);
const PRICE = Number(process.env.PRICE ?? 50_000), WORK_MS = Number(process.env.WORK_MS ?? 300);
const PAUSE_MS = 200, GRACE_MS = 10_000, PRESENCE_MS = 5_000, PRESENCE_LEASE_MS = 15_000, CAPACITY = 4, COMPLAINTS = 5;
const STARTED = Date.now();
const talks = new Map(); // conversation id -> Talk
let numbers = 0, leaving = false;

const note = (line) => console.log(JSON.stringify(line));
const newId = () => `${AGENT}.${STARTED}.${++numbers}`;
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
// Timers that do not keep the program alive once the connection is closed.
const later = (milliseconds, action) => setTimeout(action, Math.max(0, milliseconds)).unref();
const free = () => CAPACITY - [...talks.values()].filter((talk) => talk.state === "COMMITTED" || talk.live().length).length;

// Send one act; a body is an array. `channel.waitForConfirms()` says when the broker has all that was sent.
function publish(exchange, key, message, durable = true) {
  if (leaving) return; // what made us say it is not acknowledged either, and comes again
  const properties = { contentType: "application/json", persistent: durable, mandatory: durable };
  const again = (refused) => refused && later(1_000, () => publish(exchange, key, message, durable)); // a queue is full
  channel.publish(exchange, key, Buffer.from(JSON.stringify([message])), properties, again);
}

function presence(goodbye = false) {
  const agent = { agent: AGENT, skills: [SKILL], capacity: CAPACITY, free: free(), since: STARTED };
  const beat = { performative: "presence", daemon: AGENT, incarnation: STARTED, sequence: ++numbers };
  publish("cn.presence", AGENT, { ...beat, lease_ms: PRESENCE_LEASE_MS, agents: [agent], goodbye }, false);
}

// One conversation: a run of table P.
class Talk {
  state = "IDLE"; round = 0; repairs = 0; complaints = 0; cfp = null; accept = null; last = null;
  offers = new Map(); // an own offer, which is its proposal's message id -> "live", or why it does not bind
  prices = new Map(); // the same -> its price
  heard = new Map(); // message id -> the message and the answers to it

  constructor(first) {
    this.head = { conversation_id: first.conversation_id, protocol: first.protocol, receiver: first.sender };
  }

  is(...states) {
    return states.includes(this.state);
  }

  live() {
    return [...this.offers.keys()].filter((offer) => this.offers.get(offer) === "live");
  }

  drop(offers, why) {
    for (const offer of this.live()) if (offers.includes(offer)) this.offers.set(offer, why);
  }

  // `cause` is the message that makes us speak; `about`, where it is another, the one that the answer names.
  say(performative, content, cause, about = cause) {
    const id = performative === "propose" ? content.offer : newId();
    const message = { performative, content, ...this.head, sender: AGENT, daemon: AGENT };
    Object.assign(message, { message_id: id, reply_with: id, in_reply_to: about.reply_with });
    note({ said: message });
    // A beat may be lost, and is never repeated.
    if (content.kind === "progress") return publish("cn.presence", AGENT, message, false);
    const lane = performative === "inform" || performative === "failure" ? "work" : "bid";
    this.last = [`${this.head.receiver}.${lane}`, message];
    this.heard.get(cause.message_id).answers.push(this.last);
    publish("cn.to_mgr", ...this.last);
  }

  onCfp(cfp) {
    const { round, offer, reply_within_ms } = cfp.content;
    if (round <= this.round || this.is("COMMITTED", "DONE", "FAILED", "CANCELLED")) return; // 4; P34, P35
    Object.assign(this, { cfp, round });
    if (this.is("CLOSED")) return this.refuse("closed", cfp); // P33
    this.drop(this.live().filter((own) => own !== offer), "offer-expired");
    this.state = "DELIBERATING"; // P1, P8, P15, P18
    if (PART !== "late") this.answer(cfp, cfp); // at once: our bid window never ends
    else later(reply_within_ms + PAUSE_MS, () => this.answer(cfp, cfp)); // against P7, as if our clock were slow
  }

  // Propose or refuse; `cause` is the cfp, or the not-understood that asks for a repair.
  answer(cfp, cause) {
    if (!this.is("DELIBERATING") || this.cfp !== cfp) return;
    if (PART === "refuse") return this.refuse("unfit", cause); // P3
    if (!this.live().length && free() < 1) return this.refuse("busy", cause);
    const offer = newId(), { unit, valid_for_ms } = cfp.content.terms;
    const price = Math.floor((PRICE * Math.max(1, 11 - this.round)) / 10); // a tenth less in each round
    const content = { offer, round: this.round, price, unit, valid_for_ms, confidence: 900_000 };
    content.eta = 1 + Math.floor(WORK_MS / 1000);
    if (PART === "repair" && !this.repairs) content.unit = "WRONG";
    this.offers.set(offer, "live");
    this.prices.set(offer, price);
    this.state = "OFFERED"; // P2
    this.say("propose", content, cause, cfp);
    later(valid_for_ms + GRACE_MS, () => this.lapse(offer));
    if (PART === "withdraw") later(PAUSE_MS, () => this.is("OFFERED") && this.refuse("withdrawn", cfp)); // P17
  }

  refuse(reason, cause) {
    this.drop(this.live(), "withdrawn");
    this.state = "CLOSED";
    this.say("refuse", { reason, round: this.round }, cause, this.cfp);
  }

  lapse(offer) {
    this.drop([offer], "offer-expired");
    if (this.is("OFFERED") && !this.live().length) this.state = "LAPSED"; // P16
  }

  onNotUnderstood(message) {
    const offer = message.in_reply_to;
    if (message.content.reason !== "schema" || !this.live().includes(offer)) return; // P38
    this.drop([offer], "unknown-offer"); // P9
    if (!this.is("OFFERED")) return;
    this.state = "DELIBERATING"; // P14
    if (PART === "repair" && ++this.repairs === 1) this.answer(this.cfp, message);
    else this.refuse("invalid-proposal", message);
  }

  onReject(message) {
    const { offer } = message.content;
    const end = !offer || (this.is("OFFERED") && same(this.live(), [offer]));
    if (end && this.is("COMMITTED", "DONE")) return "out-of-sequence";
    if (!this.is("DELIBERATING", "OFFERED")) return; // P36, P37
    this.drop(end ? this.live() : [offer], "unknown-offer"); // P9, P13
    if (end) this.state = "CLOSED"; // P11
  }

  onAccept(accept) {
    const { offer, price, slot, epoch, work_within_ms } = accept.content;
    // Nobody works for less than was offered.
    const standing = price < this.prices.get(offer) ? "unknown-offer" : this.offers.get(offer) ?? "unknown-offer";
    if (this.is("COMMITTED", "DONE")) {
      if (offer !== this.accept.content.offer) return "out-of-sequence";
      if (this.last) publish("cn.to_mgr", ...this.last); // P39
    } else if (standing === "live") {
      Object.assign(this, { state: "COMMITTED", accept, place: { slot, epoch }, last: null }); // P10, P12
      this.drop(this.live(), "closed");
      later(work_within_ms, () => this.end("failure", { kind: "task", reason: "overdue" })); // P24
      this.beat();
      const result = { by: AGENT, words: this.cfp.content.task.trim().split(/\s+/).length };
      if (PART === "fail") later(WORK_MS, () => this.end("failure", { kind: "task", reason: "error" })); // P23
      else if (PART !== "slow") later(WORK_MS, () => this.end("inform", { kind: "result", result })); // P22
    } else {
      const over = this.is("FAILED", "CANCELLED");
      this.drop(this.live(), "unknown-offer");
      if (!over) this.state = "FAILED"; // P19; else P20
      this.say("failure", { kind: "task", reason: over ? "closed" : standing, slot, epoch }, accept);
    }
  }

  end(performative, content) {
    if (!this.is("COMMITTED")) return;
    this.state = performative === "inform" ? "DONE" : "FAILED";
    this.say(performative, { ...content, ...this.place }, this.accept);
  }

  // Renew the lease, three times in each. If the connection breaks, the program ends, and the work with it.
  beat() {
    if (!this.is("COMMITTED")) return;
    this.say("inform", { kind: "progress", ...this.place }, this.accept); // P21
    later(this.accept.content.lease_ms / 3, () => this.beat());
  }

  onCancel(cancel) {
    if (this.is("DONE")) return void this.say("failure", { kind: "cancel", reason: "already-done" }, cancel); // P32
    this.drop(this.live(), "closed");
    if (!this.is("FAILED")) this.state = "CANCELLED";
    this.say("inform", { kind: "cancelled" }, cancel); // P30, P31; P26 and P27 in one: our work stops at once
  }
}

const ROWS = { cfp: "onCfp", cancel: "onCancel", "not-understood": "onNotUnderstood" };
Object.assign(ROWS, { "accept-proposal": "onAccept", "reject-proposal": "onReject" });

// What to do with one message before the table is asked: README, section 3.
function gate(message) {
  const { conversation_id, message_id, performative, protocol, sender: receiver } = message;
  const ids = [conversation_id, message_id, performative, protocol, receiver, message.reply_with];
  if (!ids.every((id) => typeof id === "string")) throw new Error("no act of a conversation");
  if (!talks.has(conversation_id)) talks.set(conversation_id, new Talk(message));
  const talk = talks.get(conversation_id);
  if (!same(talk.head, { conversation_id, protocol, receiver })) throw new Error(`${message_id} is not the initiator's`);
  note({ heard: message });
  const before = talk.heard.get(message_id);
  if (before) return same(before.message, message) && before.answers.forEach((one) => publish("cn.to_mgr", ...one)); // 2
  talk.heard.set(message_id, { message, answers: [] });
  const wrong = Object.hasOwn(ROWS, performative) ? talk[ROWS[performative]](message) : "illegal-act";
  if (wrong && talk.complaints++ < COMPLAINTS) talk.say("not-understood", { reason: wrong, about: performative }, message); // 6
}

// What cannot be read, or comes from somebody else, is noted and not answered (1).
function attempt(action, given) {
  try {
    return action(given);
  } catch (error) {
    note({ quarantined: String(error) });
  }
}

async function delivered(delivery) {
  for (const message of attempt(JSON.parse, delivery.content) ?? []) attempt(gate, message); // a bad one spoils no other
  await channel.waitForConfirms().catch(note); // acknowledged when all that it made us say has been confirmed
  if (!leaving) channel.ack(delivery);
}

const connection = await amqp.connect(BROKER);
const channel = await connection.createConfirmChannel();
channel.on("return", (returned) => note({ returned: String(returned.content) })); // the manager has left
await channel.prefetch(20);
for (const exchange of ["cn.cfp", "cn.to_agent", "cn.to_mgr", "cn.presence"]) await channel.assertExchange(exchange, "topic");
// Refused (405) while another process is this agent.
for (const lock of [`d.${AGENT}.host`, `a.${AGENT}.host`]) await channel.assertQueue(lock, { exclusive: true, durable: false });
const CALLS = { "x-queue-type": "classic", "x-overflow": "drop-head" };
const INBOX = { "x-queue-type": "quorum", "x-overflow": "reject-publish", "x-delivery-limit": 20 };
Object.assign(INBOX, { "x-dead-letter-exchange": "cn.dlx", "x-dead-letter-strategy": "at-least-once" });
for (const [queue, more, exchange, keys] of [
  [`d.${AGENT}.cfp`, CALLS, "cn.cfp", [`skill.${SKILL}`, `agent.${AGENT}`]],
  [`d.${AGENT}.inbox`, INBOX, "cn.to_agent", [AGENT]],
]) {
  await channel.assertQueue(queue, { arguments: { "x-max-length": 1000, "x-single-active-consumer": true, ...more } });
  for (const key of keys) await channel.bindQueue(queue, exchange, key);
  await channel.consume(queue, delivered);
}
presence();
setInterval(() => presence(), PRESENCE_MS).unref();
note({ ready: AGENT });
process.on("SIGTERM", async () => {
  if (leaving) return; // told twice
  presence(true);
  leaving = true;
  await channel.waitForConfirms().catch(note);
  await connection.close();
});
