"""The observer: from the spool to the rule engine, in a process of its own.

    spool ─▶ Recorder: decode → name → host → record → incident ─▶ Custody (the storm) ─▶ Feeder ─▶ rule engine
      ▲                                                                                     │
      └──────────────────────────── acknowledged: with the rules, or only on record ◀───────┘

A datagram is acknowledged when the rule engine has its event, or when its event was folded into another or only
recorded. Before that, whatever dies, it is read again under the same id, and recording it again changes nothing.
"""
