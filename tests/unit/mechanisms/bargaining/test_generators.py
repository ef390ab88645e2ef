"""The generators of the package keep what every generator must keep."""

from __future__ import annotations

from contractnet.mechanisms.bargaining.imitative import Imitative
from contractnet.mechanisms.bargaining.logrolling import Logrolling
from contractnet.mechanisms.bargaining.micro import Micro
from contractnet.mechanisms.bargaining.opponent import Bayesian
from contractnet.mechanisms.bargaining.rubinstein import Rubinstein
from contractnet.mechanisms.bargaining.time_dependent import Fixed, Og, TimeDependent
from contractnet.mechanisms.bargaining.zeuthen import Zeuthen
from tests.suites.offer_generators import OfferGeneratorSuite


class TestOg(OfferGeneratorSuite):
    generator = Og(schedule="swish")
    issues = False


class TestPolynomial(OfferGeneratorSuite):
    generator = TimeDependent(beta=300_000)


class TestExponential(OfferGeneratorSuite):
    generator = TimeDependent(curve="exponential", k=50_000, nearest=True)


class TestFixed(OfferGeneratorSuite):
    generator = Fixed()


class TestRelative(OfferGeneratorSuite):
    generator = Imitative(kind="relative", opening=TimeDependent(k=100_000))
    issues = False


class TestAbsolute(OfferGeneratorSuite):
    generator = Imitative(kind="absolute", most_random=2_000_000)
    issues = False


class TestAveraged(OfferGeneratorSuite):
    generator = Imitative(kind="averaged", window=3, opening=TimeDependent(k=100_000))
    issues = False


class TestZeuthen(OfferGeneratorSuite):
    generator = Zeuthen()


class TestRubinstein(OfferGeneratorSuite):
    generator = Rubinstein()
    issues = False


class TestRubinsteinWithoutAnEnd(OfferGeneratorSuite):
    generator = Rubinstein(finite=False, rival=60_000_000)
    issues = False


class TestMicro(OfferGeneratorSuite):
    generator = Micro()


class TestLogrollingByFrequency(OfferGeneratorSuite):
    generator = Logrolling()
    price = False


class TestLogrollingByBayes(OfferGeneratorSuite):
    generator = Logrolling(model=Bayesian())
    price = False


class TestLogrollingToTheNearest(OfferGeneratorSuite):
    generator = Logrolling(pick="nearest")
    price = False
