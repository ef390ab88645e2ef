"""A small sound protocol table, to be broken in one place at a time."""

from __future__ import annotations

SMALL = """
table = "T"
title = "a small sound table"
protocols = ["fipa-contract-net", "fipa-iterated-contract-net"]
start = "START"
[properties]
open = "something is due"
[guards]
again = "once more"
[groups]
OPEN = ["ASKED", "AGAIN"]
[states.START]
means = "nothing was said"
[states.ASKED]
means = "asked"
has = ["open"]
[states.AGAIN]
means = "asked once more"
iterated = true
[states.DONE]
means = "over"
final = true
[events]
"#ask" = "we ask"
"?refuse" = "they refuse"
"?not-understood" = "they did not understand"
"@deadline" = "time is over"
[[rows]]
row = "T1"
states = ["START"]
events = ["#ask"]
sends = ["cfp"]
does = "ask"
next = "ASKED"
by = "R1"
[[rows]]
row = "T2"
states = ["OPEN"]
events = ["?refuse", "?not-understood"]
does = "record"
next = "DONE"
by = "R2"
[[rows]]
row = "T3"
states = ["ASKED"]
events = ["@deadline"]
guard = "again"
sends = ["cfp"]
does = "ask once more"
next = "AGAIN"
by = "XI"
iterated = true
[[rows]]
row = "T4"
states = ["ASKED"]
events = ["@deadline"]
guard = "not again"
does = "give up"
next = "DONE"
by = "R3"
[[rows]]
row = "T5"
states = ["AGAIN"]
events = ["@deadline"]
does = "give up"
next = "DONE"
by = "XI"
iterated = true
"""

ROW_6 = """
[[rows]]
row = "T6"
states = ["{state}"]
events = ["{event}"]
does = "nothing"
next = "{next}"
by = "X"
"""
