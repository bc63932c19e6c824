"""A program small enough to count by hand: two units of three neurons and one of two, on two cores.

a (2 units x 3)   a0 a0 a0 a1 | a1 a1      core 0 | core 1
b (1 unit  x 2)                 b0 b0               core 1
a -> b from both units; b -> a into unit 0 alone; a drive into both units of a, two axons each
"""

import numpy as np

from neurocmc.ir.headroom import Headroom, Register
from neurocmc.ir.loihi.chip import AxonRoute, ChipProgram, LowerBound, Segment, SynapseLists
from neurocmc.ir.loihi.network import IntegerInput, IntegerNetwork, IntegerPopulation, IntegerProjection, RoundingLoss
from neurocmc.ir.spiking import GainFit, SpikingInput, SpikingNetwork, SpikingPopulation, SpikingProjection
from neurocmc.ir.trace import Trace
from neurocmc.passes.loihi.overflow import Overflow
from neurocmc.report.load import SpikeLoad, UnitSpikes
from neurocmc.targets import IdealTarget, load_target
from neurocmc.verification.edges import Edge
from tests.made.networks import LOIHI_RULE

NO_LOSS = RoundingLoss(largest=0.0, rms=0.0, clipped=0)


def ideal() -> IdealTarget:
    target = load_target("brian2")
    assert isinstance(target, IdealTarget)
    return target


def integer_network() -> IntegerNetwork:
    return IntegerNetwork(
        name="by hand",
        tick_s=1e-3,
        rule=LOIHI_RULE,
        populations=(_pool("a", [[5, 5, 0], [0, 0, 0]]), _pool("b", [[0, 0]])),
        projections=(
            _projection("a->b", "a", "b", [[4, 6]], wanted=[[0.5, 0.75]], realised=[[0.5, 0.72]], sign="excitatory"),
            _projection("b->a", "b", "a", [[-8], [0]], wanted=[[-2.0], [0.0]], realised=[[-2.0], [0.0]]),
        ),
        inputs=(
            IntegerInput(
                name="drive",
                target="a",
                axon_mantissa=np.array([2, -2]),
                exponent=0,
                payload_bits=0,
                lsb_per_input=np.eye(2) * 128.0,
                filtered=False,
            ),
        ),
        readouts=(),
    )


def program(*, shared_axons: bool = False) -> ChipProgram:
    #            compartments, in-axons, out-axons, synapses, synapse bits, and three pools of settings
    use = np.array([[4, 8, 4, 12, 640, 1, 1, 2], [4, 12, 6, 18, 960, 2, 2, 3]])
    made = ChipProgram(
        network=integer_network(),
        target="loihi1",
        segments=(
            Segment(core=0, slot=0, population="a", start=0, stop=4),
            Segment(core=1, slot=0, population="a", start=4, stop=6),
            Segment(core=1, slot=2, population="b", start=0, stop=2),
        ),
        routes=(
            AxonRoute(projections=("a->b",), source="a", source_core=0, target_core=1, axons=4),
            AxonRoute(projections=("a->b",), source="a", source_core=1, target_core=1, axons=2),
            AxonRoute(projections=("b->a",), source="b", source_core=1, target_core=0, axons=2),
        ),
        lists=(
            _lists("a->b", "a", core=1, axons=6, synapses=12, synapse_bits=384),
            _lists("b->a", "b", core=0, axons=2, synapses=6, synapse_bits=128),
            _lists("drive", "", core=0, axons=4, synapses=8, synapse_bits=256),
        ),
        use=use,
        lower_bounds=(LowerBound(resource="compartments", cores=1),),
        shared_axons=shared_axons,
    )
    assert not made.problems()
    return made


def _lists(projection: str, source: str, **amounts: int) -> SynapseLists:
    return SynapseLists(projections=(projection,), source=source, index_free=0, **amounts)


def load() -> SpikeLoad:
    return SpikeLoad(
        source="written by hand",
        ticks=200,
        trials=3,
        populations=(UnitSpikes(name="a", per_tick=(1.5, 0.5)), UnitSpikes(name="b", per_tick=(0.25,))),
        inputs=(UnitSpikes(name="drive", per_tick=(2.0, 0.0)),),
    )


def spiking_network(name: str = "by hand", population: str = "a") -> SpikingNetwork:
    return SpikingNetwork(
        name=name,
        tick_s=1e-3,
        populations=(_spiking(population, units=2, neurons=3), _spiking("b", units=1, neurons=2)),
        projections=(
            SpikingProjection(
                name="a->b",
                source=population,
                target="b",
                weight=np.array([[0.5, 0.75]]),
                tau_s=0.02,
                order=1,
                delay_ticks=0,
                standing=np.zeros(1),
            ),
            SpikingProjection(
                name="b->a",
                source="b",
                target=population,
                weight=np.array([[-2.0], [0.0]]),
                tau_s=0.02,
                order=1,
                delay_ticks=0,
                standing=np.zeros(2),
            ),
        ),
        inputs=(
            SpikingInput(
                name="drive",
                target=population,
                weight=np.eye(2),
                tau_s=0.0,
                order=1,
                largest=1.0,
                largest_step=1.0,
            ),
        ),
        readouts=(),
    )


def edges() -> tuple[Edge, ...]:
    return (
        _edge("phi ~ pool", "largest error of the gain fit", 0.0079, 0.008, "of ceiling", worst="a"),
        _edge("rate ~ brian2", "NRMSE of rates", 0.012, 0.05, "of range", worst="b"),
        _edge("rate ~ emulator", "NRMSE of rates", 0.061, 0.05, "of range", worst="a", verdict="miss"),
        _edge("rate ~ emulator", "decisions agree (digit)", 0.993, 0.99, "of trials", better="high"),
        _edge("emulated ~ emitted", "spikes that differ", None, None, "", verdict="not run", note="no Lava here"),
    )


def _edge(name: str, quantity: str, value: float | None, limit: float | None, unit: str, **more: str) -> Edge:
    fields = {"better": "low", "verdict": "pass", "worst": "", "note": ""} | more
    return Edge(name=name, quantity=quantity, value=value, limit=limit, unit=unit, **fields)  # type: ignore[arg-type]


def _pool(name: str, bias: list[list[int]]) -> IntegerPopulation:
    mantissa = np.array(bias)
    return IntegerPopulation(
        name=name,
        units=mantissa.shape[0],
        neurons=mantissa.shape[1],
        decay_u=199,
        decay_v=4095,
        threshold_mantissa=1000,
        bias_mantissa=mantissa,
        bias_exponent=3,
        u_initial=np.zeros(mantissa.shape[0]),
        v_initial=np.zeros_like(mantissa),
        lsb_per_drive=np.full(mantissa.shape[0], 100.0),
        activity_per_spike=0.1,
        trace=Trace.at_rest(0.02, mantissa.shape[0]),
        wanted_pole=float(np.exp(-1 / 20)),
        bias_loss=RoundingLoss(largest=0.002, rms=0.001, clipped=0),
    )


def _projection(
    name: str,
    source: str,
    target: str,
    mantissa: list[list[int]],
    wanted: list[list[float]],
    realised: list[list[float]],
    sign: str = "inhibitory",
) -> IntegerProjection:
    lost = np.abs(np.array(realised) - np.array(wanted)) / np.abs(wanted).max()
    return IntegerProjection(
        name=name,
        source=source,
        target=target,
        mantissa=np.array(mantissa),
        exponent=-2,
        sign=sign,  # type: ignore[arg-type]
        delay_ticks=0,
        wanted_gain=np.array(wanted),
        realised_gain=np.array(realised),
        loss=RoundingLoss(largest=float(lost.max()), rms=float(np.sqrt((lost**2).mean())), clipped=0),
    )


def _spiking(name: str, units: int, neurons: int) -> SpikingPopulation:
    drive = np.linspace(-0.2, 1.2, 141)
    wanted = np.clip(drive, 0.0, None)
    return SpikingPopulation(
        name=name,
        units=units,
        neurons=neurons,
        code="threshold",
        tau_mem_s=0.0,
        bias=np.zeros((units, neurons)),
        v_initial=np.zeros((units, neurons)),
        current_per_drive=np.ones(units),
        activity_per_spike=1.0 / neurons,
        trace=Trace.at_rest(0.02, units),
        fit=GainFit(
            drive=drive,
            wanted=wanted,
            measured=np.clip(np.rint(wanted * neurons) / neurons, 0.0, 1.0),
            ceiling=1.0,
            visited=(0.0, 0.9),
            rms_error=0.0961,
            max_error=0.166,
            slope_error=-0.012,
            valid_range=(0.0, 1.0),
        ),
    )


def headroom() -> tuple[Headroom, ...]:
    """Of `integer_network`, and one population made up that overflows."""
    own = Overflow(calibration=()).run(integer_network())
    beyond = Headroom(
        population="c",
        proved="no",
        current=Register(low=-5, high=12_582_912, limit=8_388_607),
        voltage=Register(low=-5, high=12_646_912, limit=8_388_607),
        input_sum=Register(low=0, high=1 << 20, limit=(1 << 31) - 1),
        firing=3,
        neurons=4,
        largest_source="projection a->c",
    )
    return (*own, beyond)
