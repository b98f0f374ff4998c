"""What training leaves after each epoch, in one file that is there whole or not at all: tensors and JSON, no pickle."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load as of_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn, optim, tensor

NAME: Final = "checkpoint.safetensors"
_MOMENTS: Final = ("exp_avg", "exp_avg_sq")


class Checkpoint(NamedTuple):
    """What was left beside the network and its optimizer, which `load` has put back into place."""

    best: dict[str, Tensor]
    state: dict[str, Any]


def save(
    folder: Path, network: nn.Module, optimizer: optim.Optimizer, best: Mapping[str, Tensor], state: Mapping[str, Any]
) -> None:
    """Write network, optimizer, the best network so far and the `state` (JSON) over the checkpoint before."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"now.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    tensors |= {name: values[moment] for name, values, moment in _moments(network, optimizer) if values}
    steps = [int(values["step"]) for _, values, _ in _moments(network, optimizer) if values]
    said = msgspec.json.encode({**state, "steps": max(steps, default=0)}).decode()
    raw = to_bytes({name: value.detach().cpu().contiguous() for name, value in tensors.items()}, {"state": said})
    beside = folder / f".{NAME}.{os.getpid()}"
    with beside.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / NAME)


def read(folder: Path) -> bytes:
    """The folder's checkpoint as it was written, empty where there is none."""
    try:
        return (folder / NAME).read_bytes()
    except FileNotFoundError:
        return b""


def load(raw: bytes, network: nn.Module, optimizer: optim.Optimizer, wanted: Mapping[str, Any]) -> Checkpoint | None:
    """Put a checkpoint back, if its state holds all of `wanted` and nothing of it is damaged; else None."""
    try:
        header = msgspec.json.decode(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        state = msgspec.json.decode(header["__metadata__"]["state"])
        if any(state.get(name) != msgspec.to_builtins(value) for name, value in wanted.items()):
            return None
        tensors = of_bytes(raw)
    except (SafetensorError, msgspec.MsgspecError, KeyError, TypeError):
        return None
    device = next(network.parameters()).device
    network.load_state_dict(_named("now.", tensors))
    for (name, values, moment), parameter in zip(_moments(network, optimizer), _each_twice(network), strict=True):
        if name in tensors:
            values[moment] = tensors[name].to(device)
            values["step"] = tensor(float(state["steps"]), device=device)
            optimizer.state[parameter] = values
    return Checkpoint({name: value.to(device) for name, value in _named("best.", tensors).items()}, state)


def remove(folder: Path) -> None:
    """Forget the checkpoint, once its bundle is on the shelf."""
    (folder / NAME).unlink(missing_ok=True)


def _moments(network: nn.Module, optimizer: optim.Optimizer) -> Iterator[tuple[str, dict[str, Any], str]]:
    for name, parameter in network.named_parameters():
        for moment in _MOMENTS:
            yield f"{moment}.{name}", optimizer.state[parameter], moment


def _each_twice(network: nn.Module) -> Iterator[nn.Parameter]:
    return (parameter for parameter in network.parameters() for _ in _MOMENTS)


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
