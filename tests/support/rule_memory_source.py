"""An event source that floods the rules with distinct faults and prints what the process then holds, as JSON lines."""

import asyncio
import gc
import json
from dataclasses import replace

import jpy
from events import event

from fannel.event import Host

WARM_UP = 500
SETTLE_S = 1.0


async def main(queue, args):
    """Feed the rules `faults` events, each of another fault."""
    for number in range(WARM_UP + args["faults"]):
        if number == WARM_UP:
            await say()
        await queue.put(fault(number).to_queue())
    await say()


def fault(number):
    """A fault of its own: half of them a rule looks at, half of them of a device that pagoda does not know."""
    link_down = event(host=f"rt{number}.example.net")
    host = link_down.host if number % 2 else Host(f"192.0.2.{number}", known=False)
    return replace(link_down, host=host, incident={"id": f"A-{number}", "state": "new"})


async def say():
    """What Python and Java hold once all actions are done."""
    await asyncio.sleep(SETTLE_S)
    gc.collect()
    jpy.get_type("java.lang.System").gc()
    java = jpy.get_type("java.lang.Runtime").getRuntime()
    held = {"objects": len(gc.get_objects()), "java_octets": java.totalMemory() - java.freeMemory()}
    print(json.dumps(held), flush=True)
