#!/usr/bin/env node
// A contractor of its own: Node.js, amqplib and the pages in `protocols/`, nothing of contractnet. A model for implementers.
//
//     node contractor.mjs --broker amqp://guest:guest@127.0.0.1 --agent ann --skill text.count --behaviour deliver
//
// It plays one part: deliver, fail, repair, late, refuse, slow or withdraw. P1 to P39 are the rows of table P. What it
// knows is in memory only: one that is to survive a crash keeps its conversations in a journal, written before it speaks.

import { createRequire } from "node:module";
import { parseArgs } from "node:util";

const amqp = createRequire(import.meta.url)("amqplib"); // installed beside this file, or where NODE_PATH says
const text = (value) => ({ type: "string", default: value });
const { values: me } = parseArgs({
  options: {
    broker: text(), agent: text(), skill: text(),
    behaviour: text("deliver"), price: text("50000"), "work-ms": text("300"),
  },
});
const workMs = Number(me["work-ms"]);
const MARGIN_MS = 200, GRACE_MS = 5_000, PRESENCE_MS = 3_000, PRESENCE_LEASE_MS = 15_000, CAPACITY = 4, COMPLAINTS = 5;
const started = Date.now();
const talks = new Map(); // manager and conversation id -> Talk
let ids = 0, beats = 0;

const note = (line) => console.log(JSON.stringify(line));
const newId = () => `${me.agent}.${started}.${++ids}`;
const free = () => CAPACITY - [...talks.values()].filter((talk) => talk.state === "COMMITTED" || talk.live().length).length;
// Timers that do not keep the program alive once the connection is closed.
const later = (milliseconds, action) => setTimeout(action, Math.max(0, milliseconds)).unref();

// Send one act; a body is an array. `settled()` waits until the broker has confirmed all that was sent.
function publish(exchange, key, message, durable = true) {
  const properties = { contentType: "application/json", persistent: durable, mandatory: durable };
  channel.publish(exchange, key, Buffer.from(JSON.stringify([message])), properties);
}

function presence(goodbye = false) {
  const agent = { agent: me.agent, skills: [me.skill], capacity: CAPACITY, free: free(), since: started };
  const beat = { performative: "presence", daemon: me.agent, incarnation: started, sequence: ++beats };
  publish("cn.presence", me.agent, { ...beat, lease_ms: PRESENCE_LEASE_MS, agents: [agent], goodbye }, false);
}

// One conversation: a run of table P.
class Talk {
  state = "IDLE"; round = 0; repairs = 0; complaints = 0; cfp = null; accept = null; last = null;
  offers = new Map(); // an own offer, which is its proposal's message id -> "live", or why it does not bind
  heard = new Map(); // message id -> the message and the answers to it

  constructor(first) {
    this.head = { conversation_id: first.conversation_id, protocol: first.protocol, receiver: first.sender };
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
    const message = { performative, content, ...this.head, sender: me.agent, daemon: me.agent };
    Object.assign(message, { message_id: id, reply_with: id, in_reply_to: about.reply_with });
    note({ said: message });
    // A beat may be lost, and is never repeated.
    if (content.kind === "progress") return publish("cn.presence", me.agent, message, false);
    const queue = performative === "inform" || performative === "failure" ? "work" : "bid";
    this.last = [`${this.head.receiver}.${queue}`, message];
    this.heard.get(cause.message_id).answers.push(this.last);
    publish("cn.to_mgr", ...this.last);
  }

  onCfp(cfp) {
    const { round, offer, reply_within_ms: window } = cfp.content;
    // Recorded: the gate, 4; P34, P35.
    if (round <= this.round || ["COMMITTED", "DONE", "FAILED", "CANCELLED"].includes(this.state)) return;
    Object.assign(this, { cfp, round });
    if (this.state === "CLOSED") return this.refuse("closed", cfp); // P33
    this.drop(this.live().filter((own) => own !== offer), "offer-expired");
    this.state = "DELIBERATING"; // P1, P8, P15, P18
    const left = Math.min(window, cfp.reply_by - Date.now());
    if (me.behaviour === "late") later(left + MARGIN_MS, () => this.answer(cfp, cfp)); // as if our clock were slow
    else if (left > MARGIN_MS) this.answer(cfp, cfp);
    else this.state = this.live().length ? "OFFERED" : "CLOSED"; // P6, P7
  }

  // Propose or refuse; `cause` is the cfp, or the not-understood that asks for a repair.
  answer(cfp, cause) {
    if (this.state !== "DELIBERATING" || this.cfp !== cfp) return;
    if (me.behaviour === "refuse") return this.refuse("unfit", cause); // P3
    if (!this.live().length && free() < 1) return this.refuse("busy", cause);
    const { unit, valid_for_ms } = cfp.content.terms;
    const offer = newId();
    this.offers.set(offer, "live");
    this.state = "OFFERED"; // P2
    const content = { offer, round: this.round, unit, valid_for_ms, confidence: 900_000 };
    content.price = Math.floor((Number(me.price) * Math.max(1, 11 - this.round)) / 10); // a tenth less in each round
    content.eta = 1 + Math.floor(workMs / 1000);
    if (me.behaviour === "repair" && !this.repairs) content.unit = "WRONG";
    this.say("propose", content, cause, cfp);
    later(valid_for_ms + GRACE_MS, () => this.lapse(offer));
    if (me.behaviour === "withdraw") later(MARGIN_MS, () => this.state === "OFFERED" && this.refuse("withdrawn", cfp)); // P17
  }

  refuse(reason, cause) {
    this.drop(this.live(), "withdrawn");
    this.state = "CLOSED";
    this.say("refuse", { reason, round: this.round }, cause, this.cfp);
  }

  lapse(offer) {
    this.drop([offer], "offer-expired");
    if (this.state === "OFFERED" && !this.live().length) this.state = "LAPSED"; // P16
  }

  onNotUnderstood(message) {
    const offer = message.in_reply_to;
    if (message.content.reason !== "schema" || !this.live().includes(offer)) return; // P38
    this.drop([offer], "unknown-offer"); // P9
    if (this.state !== "OFFERED") return;
    this.state = "DELIBERATING"; // P14
    if (me.behaviour === "repair" && ++this.repairs === 1) this.answer(this.cfp, message);
    else this.refuse("invalid-proposal", message);
  }

  onReject(message) {
    const { offer } = message.content;
    const end = !offer || (this.state === "OFFERED" && this.live().join() === offer);
    if (end && ["COMMITTED", "DONE"].includes(this.state)) return "out-of-sequence";
    if (!["DELIBERATING", "OFFERED"].includes(this.state)) return; // P36, P37
    this.drop(end ? this.live() : [offer], "unknown-offer"); // P9, P13
    if (end) this.state = "CLOSED"; // P11
  }

  onAccept(accept) {
    const { offer, slot, epoch, work_within_ms } = accept.content;
    if (["COMMITTED", "DONE"].includes(this.state)) {
      if (offer !== this.accept.content.offer) return "out-of-sequence";
      if (this.last) publish("cn.to_mgr", ...this.last); // P39
    } else if (this.offers.get(offer) === "live") {
      Object.assign(this, { state: "COMMITTED", accept, last: null }); // P10, P12
      this.drop(this.live(), "closed");
      later(work_within_ms, () => this.end("failure", { kind: "task", reason: "overdue" })); // P24
      this.beat();
      const result = { by: me.agent, words: this.cfp.content.task.split(/\s+/).length };
      if (me.behaviour === "fail") later(workMs, () => this.end("failure", { kind: "task", reason: "error" })); // P23
      else if (me.behaviour !== "slow") later(workMs, () => this.end("inform", { kind: "result", result })); // P22
    } else {
      const over = ["FAILED", "CANCELLED"].includes(this.state);
      const reason = over ? "closed" : this.offers.get(offer) ?? "unknown-offer";
      if (!over) this.state = "FAILED"; // P19; else P20
      this.say("failure", { kind: "task", reason, slot, epoch }, accept);
    }
  }

  end(performative, content) {
    if (this.state !== "COMMITTED") return;
    this.state = performative === "inform" ? "DONE" : "FAILED";
    const { slot, epoch } = this.accept.content;
    this.say(performative, { ...content, slot, epoch }, this.accept);
  }

  // Renew the lease, three times in each. If the connection breaks, the program ends, and the work with it.
  beat() {
    if (this.state !== "COMMITTED") return;
    const { slot, epoch, lease_ms } = this.accept.content;
    this.say("inform", { kind: "progress", slot, epoch }, this.accept); // P21
    later(lease_ms / 3, () => this.beat());
  }

  onCancel(cancel) {
    if (this.state === "DONE") return this.say("failure", { kind: "cancel", reason: "already-done" }, cancel); // P32
    this.drop(this.live(), "closed");
    if (this.state !== "FAILED") this.state = "CANCELLED";
    this.say("inform", { kind: "cancelled" }, cancel); // P30, P31; P26 and P27 in one: our work stops at once
  }
}

const rows = { cfp: "onCfp", "accept-proposal": "onAccept", "reject-proposal": "onReject", cancel: "onCancel", "not-understood": "onNotUnderstood" };

// What to do with one message before the table is asked: README, section 3.
function gate(message) {
  const { sender, conversation_id, message_id, performative } = message;
  const key = `${sender} ${conversation_id}`;
  if (!talks.has(key)) talks.set(key, new Talk(message));
  const talk = talks.get(key);
  note({ heard: message });
  const before = talk.heard.get(message_id);
  if (before) return before.answers.forEach((answer) => publish("cn.to_mgr", ...answer)); // 2: the same answer again
  talk.heard.set(message_id, { message, answers: [] });
  const wrong = performative in rows ? talk[rows[performative]](message) : "out-of-sequence";
  if (wrong && talk.complaints++ < COMPLAINTS) talk.say("not-understood", { reason: wrong, about: performative }, message); // 6
}

async function delivered(delivery) {
  try {
    JSON.parse(delivery.content).forEach(gate);
  } catch (error) {
    note({ quarantined: String(error) }); // 1
  }
  await channel.waitForConfirms(); // acknowledged when all that it made us say has been confirmed
  channel.ack(delivery);
}

const connection = await amqp.connect(me.broker);
const channel = await connection.createConfirmChannel();
channel.on("return", (returned) => note({ returned: String(returned.content) })); // the manager's queue is gone
await channel.prefetch(20);
for (const exchange of ["cn.cfp", "cn.to_agent", "cn.to_mgr", "cn.presence"]) await channel.assertExchange(exchange, "topic");
const calls = `d.${me.agent}.cfp`, inbox = `d.${me.agent}.inbox`;
const both = { "x-max-length": 1000, "x-single-active-consumer": true };
const dead = { "x-delivery-limit": 20, "x-dead-letter-exchange": "cn.dlx", "x-dead-letter-strategy": "at-least-once" };
await channel.assertQueue(calls, { arguments: { ...both, "x-queue-type": "classic", "x-overflow": "drop-head" } });
await channel.assertQueue(inbox, { arguments: { ...both, ...dead, "x-queue-type": "quorum", "x-overflow": "reject-publish" } });
for (const key of [`skill.${me.skill}`, `agent.${me.agent}`]) await channel.bindQueue(calls, "cn.cfp", key);
await channel.bindQueue(inbox, "cn.to_agent", me.agent);
for (const queue of [calls, inbox]) await channel.consume(queue, delivered);
presence();
setInterval(presence, PRESENCE_MS).unref();
note({ ready: me.agent });
process.on("SIGTERM", async () => {
  presence(true);
  await channel.waitForConfirms();
  await connection.close();
});
