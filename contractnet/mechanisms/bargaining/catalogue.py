"""The strategies that come with the package, by name: an offer generator with the acceptance rule that fits it."""

from __future__ import annotations

from typing import Final

from contractnet.mechanisms.bargaining.acceptance import AcceptAtLeast, AcceptBetter, AcceptNext
from contractnet.mechanisms.bargaining.imitative import Imitative
from contractnet.mechanisms.bargaining.logrolling import Logrolling
from contractnet.mechanisms.bargaining.micro import AcceptMicro, Micro
from contractnet.mechanisms.bargaining.opponent import Bayesian
from contractnet.mechanisms.bargaining.rubinstein import Rubinstein
from contractnet.mechanisms.bargaining.shape import Strategy
from contractnet.mechanisms.bargaining.time_dependent import Fixed, Og, TimeDependent
from contractnet.mechanisms.bargaining.zeuthen import Zeuthen
from contractnet.messages.values import PPM

_NEXT: Final = AcceptNext()
#: what is offered now is worth 0.9 of the same one turn later (`Rubinstein.own`); a tick, since offers are rounded
_DISCOUNTED: Final = AcceptNext(a=PPM * PPM // 900_000, ticks=1)

#: what each is made for is checked by its generator (`check`)
STRATEGIES: Final[dict[str, Strategy]] = {
    "og-linear": Strategy(Og(schedule="linear"), AcceptBetter()),
    "og-exp": Strategy(Og(schedule="exp"), AcceptBetter()),
    "og-swish": Strategy(Og(schedule="swish"), AcceptBetter()),
    "linear": Strategy(TimeDependent(), _NEXT),
    "boulware": Strategy(TimeDependent(beta=200_000), _NEXT),
    "conceder": Strategy(TimeDependent(beta=5_000_000), _NEXT),
    "exponential": Strategy(TimeDependent(curve="exponential", k=50_000), _NEXT),
    "relative": Strategy(Imitative(kind="relative", opening=TimeDependent(k=100_000)), _NEXT),
    "absolute": Strategy(Imitative(kind="absolute"), _NEXT),
    "averaged": Strategy(Imitative(kind="averaged", window=2, opening=TimeDependent(k=100_000)), _NEXT),
    "zeuthen": Strategy(Zeuthen(), _NEXT),
    "rubinstein": Strategy(Rubinstein(), _DISCOUNTED),
    "rubinstein-infinite": Strategy(Rubinstein(finite=False), _DISCOUNTED),
    "micro": Strategy(Micro(), AcceptMicro()),
    "logrolling-frequency": Strategy(Logrolling(), _NEXT),
    "logrolling-bayesian": Strategy(Logrolling(model=Bayesian()), _NEXT),
    "takes-any-gain": Strategy(Fixed(), AcceptAtLeast()),
}
