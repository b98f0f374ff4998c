"""What training leaves now and then, in one file that is there whole or not at all: tensors and JSON, no pickle.

It lies in a folder of this machine or at any URL that fsspec reaches, so that another machine goes on from it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load as of_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn, optim, tensor

from model.place import Place

NAME: Final = "checkpoint.safetensors"
_MOMENTS: Final = ("exp_avg", "exp_avg_sq")
_CHANCE: Final = "chance"


class Checkpoint(NamedTuple):
    """What was left beside the network and its optimizer, which `load` has put back into place."""

    best: dict[str, Tensor]
    state: dict[str, Any]
    chance: Tensor
    """Where torch's random numbers stood."""


def save(
    folder: Path | str,
    network: nn.Module,
    optimizer: optim.Optimizer,
    best: Mapping[str, Tensor],
    state: Mapping[str, Any],
) -> None:
    """Write network, optimizer, the best network so far and the `state` (JSON) over the checkpoint before.

    Raises `Unavailable`.
    """
    tensors = {f"now.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    tensors |= {name: values[moment] for name, values, moment in _moments(network, optimizer) if values}
    tensors[_CHANCE] = chance_of(_device(network))
    steps = [int(values["step"]) for _, values, _ in _moments(network, optimizer) if values]
    said = msgspec.json.encode({**state, "steps": max(steps, default=0)}).decode()
    raw = to_bytes({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, {"state": said})
    Place(str(folder)).put(NAME, raw)


def read(folder: Path | str) -> bytes:
    """The folder's checkpoint as it was written, empty where there is none. Raises `Unavailable`."""
    return Place(str(folder)).get(NAME) or b""


def load(raw: bytes, network: nn.Module, optimizer: optim.Optimizer, wanted: Mapping[str, Any]) -> Checkpoint | None:
    """Put a checkpoint back, if its state holds all of `wanted` and nothing of it is damaged; else None."""
    try:
        header = msgspec.json.decode(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        state = msgspec.json.decode(header["__metadata__"]["state"])
        if any(state.get(name) != msgspec.to_builtins(value) for name, value in wanted.items()):
            return None
        tensors = of_bytes(raw)
        chance = tensors[_CHANCE]
    except (SafetensorError, msgspec.MsgspecError, KeyError, TypeError):
        return None
    device = _device(network)
    network.load_state_dict(_named("now.", tensors))
    for (name, values, moment), parameter in zip(_moments(network, optimizer), _each_twice(network), strict=True):
        if name in tensors:
            values[moment] = tensors[name].to(device)
            values["step"] = tensor(float(state["steps"]), device=device)
            optimizer.state[parameter] = values
    best = {name: value.to(device) for name, value in _named("best.", tensors).items()}
    return Checkpoint(best, state, chance)


def remove(folder: Path | str) -> None:
    """Forget the checkpoint, once its bundle is on the shelf."""
    Place(str(folder)).remove(NAME)


def chance_of(device: torch.device) -> Tensor:
    """Where torch's random numbers stand on this device, for `take_chance` to go on from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def take_chance(chance: Tensor, device: torch.device) -> None:
    """Go on with random numbers from there."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(chance, device)
    else:
        torch.set_rng_state(chance)


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def _moments(network: nn.Module, optimizer: optim.Optimizer) -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, parameter in network.named_parameters():
        for moment in _MOMENTS:
            yield f"{moment}.{name}", optimizer.state[parameter], moment


def _each_twice(network: nn.Module) -> Iterator[nn.Parameter]:
    return (parameter for parameter in network.parameters() for _ in _MOMENTS)


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
