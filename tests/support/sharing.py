"""How the processes of a run share the test files: one works from the end of the list, the others from its beginning.

The list begins with what waits for other processes and for timers (`acceptance`) and ends with what only computes
(`unit`). Shared in order, first all processes wait at the same time and then all compute; so the processors of a small
machine were half idle for one half of the run. From both ends they are busy all the time, and whoever is done with its
end goes on with what is left of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

#: the process that begins at the end
FROM_THE_END = "gw0"


class FromBothEnds(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """`--dist loadfile --no-loadscope-reorder`, from both ends."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node.gateway.id == FROM_THE_END and self.workqueue:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)  # the next that is taken
        super()._assign_work_unit(node)
