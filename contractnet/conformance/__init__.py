"""Does a conversation keep the protocol? Judged from `protocols/` alone, by code that knows nothing of the package.

A transcript (protocols/README.md, section 6) is one side's log of one conversation. `checker.check` reads it line by
line and says what is wrong first, or that nothing is, and which rows of which tables were taken. The parts, from the
bottom up:

- `faults`: what a verdict is.
- `tables`, `schema`: the tables and the message schema of `protocols/`, read without any other help.
- `lines`: what a transcript is made of.
- `envelope`: what every message keeps, whatever the tables say (M1 to M7, R7).
- `owed`: what rows have asked to be said, and whether it was.
- `walk`: what all sides have in common. `initiator` with `entries`, `slots` and `deciding` walks tables C and I;
  `participant` walks table P, `mediation` tables MI and MP, `bargaining` with `deal` table B.
  This is the side that wrote the log: every step is known.
- `hidden`: the other side, of which only the messages are known: is there a run of its table that says them?
  `hidden_participant`, `hidden_initiator`, `hidden_mediation` and
  `hidden_bargaining` are its tables.

It takes nothing but the standard library.
"""
