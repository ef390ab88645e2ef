#!/usr/bin/env python3
# mypy: ignore-errors
"""A contractor of its own: plain pika and the pages in `protocols/`, nothing of contractnet. A model for implementers.

    PRICE=50000 WORK_MS=300 contractor.py amqp://guest:guest@127.0.0.1 ann text.count deliver

The last word is the part to play: deliver, fail, repair, late, refuse, slow or withdraw. P1 to P39 are rows of table P,
1 to 6 steps of the gate. What it knows is in memory; one that is to survive a crash journals it before it speaks.
"""

import itertools
import json
import os
import signal
import sys
import time

import pika

BROKER, AGENT, SKILL, PART = sys.argv[1:5]
PRICE, WORK_MS = int(os.environ.get("PRICE", "50000")), int(os.environ.get("WORK_MS", "300"))
PAUSE_MS, GRACE_MS, PRESENCE_MS, PRESENCE_LEASE_MS, CAPACITY, COMPLAINTS = 200, 10_000, 5_000, 15_000, 4, 5
STARTED = int(time.time() * 1000)
numbers, talks, stopping = itertools.count(1), {}, []  # talks: conversation id -> Talk


def note(**line):
    print(json.dumps(line), flush=True)


def later(milliseconds, action, *given):
    connection.call_later(max(0, milliseconds) / 1000, lambda: action(*given))


def publish(exchange, key, message, durable=True):
    """Send one act; a body is an array. Returns when the broker has confirmed it."""
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2 if durable else 1)
    try:
        channel.basic_publish(exchange, key, json.dumps([message]).encode(), properties, mandatory=durable)
    except pika.exceptions.UnroutableError:
        note(returned=message)  # the manager has left, with nothing due
    except pika.exceptions.NackError:  # a queue is full
        later(1_000, publish, exchange, key, message, durable)


def free():
    return CAPACITY - sum(talk.state == "COMMITTED" or bool(talk.live()) for talk in talks.values())


def presence(goodbye=False):
    agent = {"agent": AGENT, "skills": [SKILL], "capacity": CAPACITY, "free": free(), "since": STARTED}
    beat = {"performative": "presence", "daemon": AGENT, "incarnation": STARTED, "sequence": next(numbers),
            "lease_ms": PRESENCE_LEASE_MS, "agents": [agent], "goodbye": goodbye}  # fmt: skip
    publish("cn.presence", AGENT, beat, durable=False)
    later(PRESENCE_MS, presence)


class Talk:
    """One conversation: a run of table P."""

    def __init__(self, first):
        self.id, self.protocol, self.manager = first["conversation_id"], first["protocol"], first["sender"]
        self.state, self.round, self.cfp, self.accept, self.last = "IDLE", 0, None, None, None
        self.offers, self.prices = {}, {}  # own offers (the proposal's message id) -> "live" or why not; -> price
        self.heard, self.repairs, self.complaints = {}, 0, 0  # message id -> (the message, the answers to it)

    def live(self):
        return [offer for offer, standing in self.offers.items() if standing == "live"]

    def drop(self, offers, why, state=None):
        """These offers do not bind any more; `state` is the next one, where it is another."""
        self.state = state or self.state
        self.offers |= {offer: why for offer in self.live() if offer in offers}

    def say(self, act, content, cause, about=None):
        """`cause` is the message that makes us speak; `about`, where it is another, the one that the answer names."""
        name = content["offer"] if act == "propose" else f"{AGENT}.{STARTED}.{next(numbers)}"
        message = {"performative": act, "content": content, "message_id": name, "reply_with": name, "sender": AGENT,
                   "daemon": AGENT, "receiver": self.manager, "conversation_id": self.id, "protocol": self.protocol,
                   "in_reply_to": (about or cause)["reply_with"]}  # fmt: skip
        note(said=message)
        if content.get("kind") == "progress":
            publish("cn.presence", AGENT, message, durable=False)  # may be lost, is never repeated
        else:
            self.last = (self.manager + (".work" if act in ("inform", "failure") else ".bid"), message)
            self.heard[cause["message_id"]][1].append(self.last)
            publish("cn.to_mgr", *self.last)

    def on_cfp(self, cfp):
        content = cfp["content"]
        if content["round"] <= self.round or self.state in ("COMMITTED", "DONE", "FAILED", "CANCELLED"):
            return  # recorded: the gate, 4; P34, P35
        self.cfp, self.round = cfp, content["round"]
        if self.state == "CLOSED":
            self.refuse("closed", cfp)  # P33
            return
        self.drop(set(self.offers) - {content.get("offer")}, "offer-expired")
        self.state = "DELIBERATING"  # P1, P8, P15, P18
        if PART == "late":  # against P7, as if our clock were slow
            window = content["reply_within_ms"] + PAUSE_MS
            later(window, lambda: (self.state, self.cfp) == ("DELIBERATING", cfp) and self.answer(cfp, cfp))
        else:
            self.answer(cfp, cfp)  # at once: our bid window never ends

    def answer(self, cfp, cause):
        """Propose or refuse; `cause` is the cfp, or the not-understood that asks for a repair."""
        if PART == "refuse" or (not self.live() and free() < 1):
            self.refuse("unfit" if PART == "refuse" else "busy", cause)  # P3
            return
        offer, terms = f"{AGENT}.{STARTED}.{next(numbers)}", cfp["content"]["terms"]
        self.state, self.offers[offer] = "OFFERED", "live"  # P2
        self.prices[offer] = PRICE * max(1, 11 - self.round) // 10  # a tenth less in each round
        unit = "WRONG" if PART == "repair" and not self.repairs else terms["unit"]
        content = {"offer": offer, "round": self.round, "unit": unit, "valid_for_ms": terms["valid_for_ms"],
                   "price": self.prices[offer], "eta": 1 + WORK_MS // 1000, "confidence": 900_000}  # fmt: skip
        self.say("propose", content, cause, cfp)
        later(terms["valid_for_ms"] + GRACE_MS, self.lapse, offer)
        if PART == "withdraw":
            later(PAUSE_MS, lambda: self.state == "OFFERED" and self.refuse("withdrawn", cfp))  # P17

    def refuse(self, why, cause):
        self.drop(self.offers, "withdrawn", "CLOSED")
        self.say("refuse", {"reason": why, "round": self.round}, cause, self.cfp)

    def lapse(self, offer):
        self.drop([offer], "offer-expired")
        self.state = "LAPSED" if self.state == "OFFERED" and not self.live() else self.state  # P16

    def on_not_understood(self, message):
        offer = message.get("in_reply_to")
        moved = message["content"]["reason"] == "schema" and offer in self.live()  # else recorded: P38
        self.drop([offer] if moved else [], "unknown-offer")  # P9
        if moved and self.state == "OFFERED":  # P14
            self.state, self.repairs = "DELIBERATING", self.repairs + 1
            if PART == "repair" and self.repairs == 1:
                self.answer(self.cfp, message)
            else:
                self.refuse("invalid-proposal", message)

    def on_reject(self, message):
        offer = message["content"].get("offer")
        end = offer is None or (self.state == "OFFERED" and self.live() == [offer])
        if self.state in ("DELIBERATING", "OFFERED"):  # P11; P9, P13
            self.drop(self.offers if end else [offer], "unknown-offer", "CLOSED" if end else None)
        return "out-of-sequence" if end and self.state in ("COMMITTED", "DONE") else None  # else P36, P37

    def on_accept(self, accept):
        award, place = accept["content"], {key: accept["content"][key] for key in ("slot", "epoch")}
        less = award["price"] < self.prices.get(award["offer"], 0)  # nobody offered that
        standing = "unknown-offer" if less else self.offers.get(award["offer"], "unknown-offer")
        if self.state in ("COMMITTED", "DONE"):
            if award["offer"] != self.accept["content"]["offer"]:
                return "out-of-sequence"
            if self.last:
                publish("cn.to_mgr", *self.last)  # P39
        elif standing == "live":  # P10, P12
            self.state, self.accept, self.place, self.last = "COMMITTED", accept, place, None
            self.drop(self.offers, "closed")
            later(award["work_within_ms"], self.end, "failure", {"kind": "task", "reason": "overdue"})  # P24
            self.beat()
            if PART == "fail":
                later(WORK_MS, self.end, "failure", {"kind": "task", "reason": "error"})  # P23
            elif PART != "slow":
                result = {"by": AGENT, "words": len(self.cfp["content"]["task"].split())}
                later(WORK_MS, self.end, "inform", {"kind": "result", "result": result})  # P22
        else:  # P19, P20
            over = self.state in ("FAILED", "CANCELLED")
            self.drop(self.offers, "unknown-offer", None if over else "FAILED")
            self.say("failure", {"kind": "task", "reason": "closed" if over else standing, **place}, accept)
        return None

    def end(self, act, content):
        if self.state == "COMMITTED":
            self.state = "DONE" if act == "inform" else "FAILED"
            self.say(act, content | self.place, self.accept)

    def beat(self):
        """Renew the lease, three times in each. If the connection breaks, the program ends, and the work with it."""
        if self.state == "COMMITTED":  # P21
            self.say("inform", {"kind": "progress", **self.place}, self.accept)
            later(self.accept["content"]["lease_ms"] // 3, self.beat)

    def on_cancel(self, cancel):
        if self.state == "DONE":
            return self.say("failure", {"kind": "cancel", "reason": "already-done"}, cancel)  # P32
        self.drop(self.offers, "closed", None if self.state == "FAILED" else "CANCELLED")
        return self.say("inform", {"kind": "cancelled"}, cancel)  # P30, P31; P26 and P27 in one: our work stops at once


def gate(message):
    """What to do with one message before the table is asked: README, section 3."""
    act, name, _ = (message[key] for key in ("performative", "message_id", "reply_with"))
    stranger = Talk(message)
    talk = talks.setdefault(stranger.id, stranger)
    if (talk.manager, talk.protocol) != (stranger.manager, stranger.protocol):
        raise ValueError(f"{name} is no message of the conversation's initiator")
    note(heard=message)
    first, answers = talk.heard.setdefault(name, (message, []))
    if first is not message:  # 2: said before; if it is the same, so is the answer
        for answer in answers if first == message else ():
            publish("cn.to_mgr", *answer)
        return
    rows = {"cfp": talk.on_cfp, "accept-proposal": talk.on_accept, "reject-proposal": talk.on_reject,
            "cancel": talk.on_cancel, "not-understood": talk.on_not_understood}  # fmt: skip
    wrong = rows[act](message) if act in rows else "illegal-act"
    if wrong and talk.complaints < COMPLAINTS:  # 6
        talk.complaints += 1
        talk.say("not-understood", {"reason": wrong, "about": act}, message)


def attempt(action, given):
    """What cannot be read, or comes from somebody else, is noted and not answered (1)."""
    try:
        return action(given)
    except (ValueError, KeyError, TypeError) as error:
        return note(quarantined=repr(error))


def delivered(_channel, delivery, _properties, body):
    if stopping:
        return  # not acknowledged: it comes again
    for message in attempt(json.loads, body) or []:  # each alone: a bad one spoils no other
        attempt(gate, message)
    channel.basic_ack(delivery.delivery_tag)  # all that it made us say has been confirmed


signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
connection = pika.BlockingConnection(pika.URLParameters(BROKER))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_qos(prefetch_count=20)
for exchange in ("cn.cfp", "cn.to_agent", "cn.to_mgr", "cn.presence"):
    channel.exchange_declare(exchange, "topic", durable=True)
for lock in (f"d.{AGENT}.host", f"a.{AGENT}.host"):  # refused (405) while another process is this agent
    channel.queue_declare(lock, exclusive=True)
BOTH = {"x-max-length": 1000, "x-single-active-consumer": True}
CALLS = {**BOTH, "x-queue-type": "classic", "x-overflow": "drop-head"}
INBOX = {**BOTH, "x-queue-type": "quorum", "x-overflow": "reject-publish", "x-delivery-limit": 20,
         "x-dead-letter-exchange": "cn.dlx", "x-dead-letter-strategy": "at-least-once"}  # fmt: skip
for queue, arguments, exchange, keys in (
    (f"d.{AGENT}.cfp", CALLS, "cn.cfp", (f"skill.{SKILL}", f"agent.{AGENT}")),
    (f"d.{AGENT}.inbox", INBOX, "cn.to_agent", (AGENT,)),
):
    channel.queue_declare(queue, durable=True, arguments=arguments)
    for key in keys:
        channel.queue_bind(queue, exchange, key)
    channel.basic_consume(queue, delivered)
presence()
note(ready=AGENT)
while not stopping:
    connection.process_data_events(time_limit=0.2)
presence(goodbye=True)
connection.close()
