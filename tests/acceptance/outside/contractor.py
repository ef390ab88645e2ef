#!/usr/bin/env python3
"""A contractor of its own: plain pika and the pages in `protocols/`, nothing of contractnet. A model for implementers.

    contractor.py --broker amqp://guest:guest@127.0.0.1 --agent ann --skill text.count --behaviour deliver

It plays one part: deliver, fail, repair, late, refuse, slow or withdraw. P1 to P39 are the rows of table P. What it knows
is in memory only: one that is to survive a crash keeps its conversations in a journal, written before it speaks.
"""

import argparse
import json
import signal
import time

import pika

options = argparse.ArgumentParser()
for name in ("broker", "agent", "skill"):
    options.add_argument(f"--{name}", required=True)
for name, default in {"behaviour": "deliver", "price": 50_000, "work-ms": 300}.items():
    options.add_argument(f"--{name}", default=default, type=type(default))
me = options.parse_args()

MARGIN_MS, GRACE_MS, PRESENCE_MS, PRESENCE_LEASE_MS, CAPACITY, COMPLAINTS = 200, 5_000, 3_000, 15_000, 4, 5
STARTED = int(time.time() * 1000)
numbers, talks, stopping = {"id": 0, "beat": 0}, {}, []


def note(**line):
    print(json.dumps(line), flush=True)


def later(milliseconds, action, *given):
    connection.call_later(max(0, milliseconds) / 1000, lambda: action(*given))


def new_id():
    numbers["id"] += 1
    return f"{me.agent}.{STARTED}.{numbers['id']}"


def publish(exchange, key, message, durable=True):
    """Send one act; a body is an array. Returns when the broker has confirmed it."""
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2 if durable else 1)
    try:
        channel.basic_publish(exchange, key, json.dumps([message]).encode(), properties, mandatory=durable)
    except pika.exceptions.UnroutableError:
        note(returned=message)  # the manager's queue is gone, and the manager with it


def free():
    return CAPACITY - sum(talk.state == "COMMITTED" or bool(talk.live()) for talk in talks.values())


def presence(goodbye=False):
    numbers["beat"] += 1
    agent = {"agent": me.agent, "skills": [me.skill], "capacity": CAPACITY, "free": free(), "since": STARTED}
    beat = {"performative": "presence", "daemon": me.agent, "incarnation": STARTED, "sequence": numbers["beat"],
            "lease_ms": PRESENCE_LEASE_MS, "agents": [agent], "goodbye": goodbye}  # fmt: skip
    publish("cn.presence", me.agent, beat, durable=False)
    later(PRESENCE_MS, presence)


class Talk:
    """One conversation: a run of table P."""

    def __init__(self, first):
        self.id, self.protocol, self.manager = first["conversation_id"], first["protocol"], first["sender"]
        self.state, self.round, self.cfp, self.accept, self.last = "IDLE", 0, None, None, None
        self.offers = {}  # an own offer, which is its proposal's message id -> "live", or why it does not bind
        self.heard = {}  # message id -> (the message, the answers to it)
        self.repairs = self.complaints = 0

    def live(self):
        return [offer for offer, standing in self.offers.items() if standing == "live"]

    def drop(self, offers, why):
        self.offers |= {offer: why for offer in self.live() if offer in offers}

    def say(self, act, content, cause, about=None):
        """`cause` is the message that makes us speak; `about`, where it is another, the one that the answer names."""
        name = content["offer"] if act == "propose" else new_id()
        message = {"performative": act, "content": content, "message_id": name, "reply_with": name, "sender": me.agent,
                   "daemon": me.agent, "receiver": self.manager, "conversation_id": self.id, "protocol": self.protocol,
                   "in_reply_to": (about or cause)["reply_with"]}  # fmt: skip
        note(said=message)
        if content.get("kind") == "progress":
            publish("cn.presence", me.agent, message, durable=False)  # may be lost, is never repeated
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
            return self.refuse("closed", cfp)  # P33
        self.drop(set(self.offers) - {content.get("offer")}, "offer-expired")
        self.state = "DELIBERATING"  # P1, P8, P15, P18
        left = min(content["reply_within_ms"], cfp["reply_by"] - int(time.time() * 1000))
        if me.behaviour == "late":  # as if our clock were slow
            later(left + MARGIN_MS, self.answer, cfp, cfp)
        elif left > MARGIN_MS:
            self.answer(cfp, cfp)
        else:
            self.state = "OFFERED" if self.live() else "CLOSED"  # P6, P7

    def answer(self, cfp, cause):
        """Propose or refuse; `cause` is the cfp, or the not-understood that asks for a repair."""
        if self.state != "DELIBERATING" or self.cfp is not cfp:
            return
        if me.behaviour == "refuse" or (not self.live() and free() < 1):
            return self.refuse("unfit" if me.behaviour == "refuse" else "busy", cause)  # P3
        offer, terms = new_id(), cfp["content"]["terms"]
        self.state, self.offers[offer] = "OFFERED", "live"  # P2
        content = {"offer": offer, "round": self.round, "unit": terms["unit"], "valid_for_ms": terms["valid_for_ms"],
                   "price": me.price * max(1, 11 - self.round) // 10,  # a tenth less in each round
                   "eta": 1 + me.work_ms // 1000, "confidence": 900_000}  # fmt: skip
        if me.behaviour == "repair" and not self.repairs:
            content["unit"] = "WRONG"
        self.say("propose", content, cause, cfp)
        later(terms["valid_for_ms"] + GRACE_MS, self.lapse, offer)
        if me.behaviour == "withdraw":
            later(MARGIN_MS, self.withdraw)

    def refuse(self, why, cause):
        self.drop(self.offers, "withdrawn")
        self.state = "CLOSED"
        self.say("refuse", {"reason": why, "round": self.round}, cause, self.cfp)

    def withdraw(self):
        if self.state == "OFFERED":  # P17
            self.refuse("withdrawn", self.cfp)

    def lapse(self, offer):
        self.drop([offer], "offer-expired")
        if self.state == "OFFERED" and not self.live():
            self.state = "LAPSED"  # P16

    def on_not_understood(self, message):
        offer = message.get("in_reply_to")
        if message["content"]["reason"] != "schema" or offer not in self.live():
            return  # P38
        self.drop([offer], "unknown-offer")  # P9
        if self.state == "OFFERED":  # P14
            self.state, self.repairs = "DELIBERATING", self.repairs + 1
            if me.behaviour == "repair" and self.repairs == 1:
                self.answer(self.cfp, message)
            else:
                self.refuse("invalid-proposal", message)

    def on_reject(self, message):
        offer = message["content"].get("offer")
        end = offer is None or (self.state == "OFFERED" and self.live() == [offer])
        if self.state in ("DELIBERATING", "OFFERED"):  # P11; P9, P13
            self.drop(self.offers if end else [offer], "unknown-offer")
            self.state = "CLOSED" if end else self.state
        return "out-of-sequence" if end and self.state in ("COMMITTED", "DONE") else None  # else P36, P37

    def on_accept(self, accept):
        award = accept["content"]
        if self.state in ("COMMITTED", "DONE"):
            if award["offer"] != self.accept["content"]["offer"]:
                return "out-of-sequence"
            if self.last:
                publish("cn.to_mgr", *self.last)  # P39
        elif self.offers.get(award["offer"]) == "live":  # P10, P12
            self.state, self.accept, self.last = "COMMITTED", accept, None
            self.drop(self.offers, "closed")
            later(award["work_within_ms"], self.end, "failure", {"kind": "task", "reason": "overdue"})  # P24
            self.beat()
            if me.behaviour == "fail":
                later(me.work_ms, self.end, "failure", {"kind": "task", "reason": "error"})  # P23
            elif me.behaviour != "slow":
                result = {"by": me.agent, "words": len(self.cfp["content"]["task"].split())}
                later(me.work_ms, self.end, "inform", {"kind": "result", "result": result})  # P22
        else:  # P19, P20
            why = "closed" if self.state in ("FAILED", "CANCELLED") else self.offers.get(award["offer"], "unknown-offer")
            self.state = self.state if why == "closed" else "FAILED"
            self.say("failure", {"kind": "task", "reason": why, "slot": award["slot"], "epoch": award["epoch"]}, accept)
        return None

    def end(self, act, content):
        if self.state == "COMMITTED":
            award, self.state = self.accept["content"], "DONE" if act == "inform" else "FAILED"
            self.say(act, content | {"slot": award["slot"], "epoch": award["epoch"]}, self.accept)

    def beat(self):
        """Renew the lease, three times in each. If the connection breaks, the program ends, and the work with it."""
        if self.state == "COMMITTED":  # P21
            award = self.accept["content"]
            self.say("inform", {"kind": "progress", "slot": award["slot"], "epoch": award["epoch"]}, self.accept)
            later(award["lease_ms"] // 3, self.beat)

    def on_cancel(self, cancel):
        if self.state == "DONE":
            return self.say("failure", {"kind": "cancel", "reason": "already-done"}, cancel)  # P32
        self.drop(self.offers, "closed")
        self.state = "FAILED" if self.state == "FAILED" else "CANCELLED"
        return self.say("inform", {"kind": "cancelled"}, cancel)  # P30, P31; P26 and P27 in one: our work stops at once


def gate(message):
    """What to do with one message before the table is asked: README, section 3."""
    key, act, name = (message["sender"], message["conversation_id"]), message["performative"], message["message_id"]
    talk = talks.setdefault(key, Talk(message))
    note(heard=message)
    first, answers = talk.heard.setdefault(name, (message, []))
    if first is not message:  # 2: said before; if it is the same, so is the answer
        for answer in answers if first == message else ():
            publish("cn.to_mgr", *answer)
        return
    rows = {"cfp": talk.on_cfp, "accept-proposal": talk.on_accept, "reject-proposal": talk.on_reject,
            "cancel": talk.on_cancel, "not-understood": talk.on_not_understood}  # fmt: skip
    wrong = rows[act](message) if act in rows else "out-of-sequence"
    if wrong and talk.complaints < COMPLAINTS:  # 6
        talk.complaints += 1
        talk.say("not-understood", {"reason": wrong, "about": act}, message)


def delivered(_channel, delivery, _properties, body):
    try:
        for message in json.loads(body):
            gate(message)
    except (ValueError, KeyError, TypeError) as error:  # 1
        note(quarantined=repr(error))
    channel.basic_ack(delivery.delivery_tag)  # all that it made us say has been confirmed


signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
connection = pika.BlockingConnection(pika.URLParameters(me.broker))
channel = connection.channel()
channel.confirm_delivery()
channel.basic_qos(prefetch_count=20)
for exchange in ("cn.cfp", "cn.to_agent", "cn.to_mgr", "cn.presence"):
    channel.exchange_declare(exchange, "topic", durable=True)
CALLS = {"x-queue-type": "classic", "x-overflow": "drop-head", "x-max-length": 1000, "x-single-active-consumer": True}
INBOX = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-max-length": 1000, "x-single-active-consumer": True,
         "x-delivery-limit": 20, "x-dead-letter-exchange": "cn.dlx", "x-dead-letter-strategy": "at-least-once"}  # fmt: skip
channel.queue_declare(f"d.{me.agent}.cfp", durable=True, arguments=CALLS)
channel.queue_declare(f"d.{me.agent}.inbox", durable=True, arguments=INBOX)
channel.queue_bind(f"d.{me.agent}.cfp", "cn.cfp", f"skill.{me.skill}")
channel.queue_bind(f"d.{me.agent}.cfp", "cn.cfp", f"agent.{me.agent}")
channel.queue_bind(f"d.{me.agent}.inbox", "cn.to_agent", me.agent)
channel.basic_consume(f"d.{me.agent}.cfp", delivered)
channel.basic_consume(f"d.{me.agent}.inbox", delivered)
presence()
note(ready=me.agent)
while not stopping:
    connection.process_data_events(time_limit=0.2)
presence(goodbye=True)
connection.close()
