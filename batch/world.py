"""Data parallel training: torchrun's processes, each with its share of every batch; without it, a world of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import torch
from torch import distributed, nn

from batch.plan import Plan
from contracts.errors import Misconfigured

T = TypeVar("T")


@dataclass(frozen=True)
class World:
    """This process among those that train one network; all of them take the same steps."""

    rank: int = 0
    size: int = 1

    def agree(self, network: nn.Module) -> None:
        """Everybody goes on with the first process's network."""
        if self.size > 1:
            for value in network.state_dict().values():
                distributed.broadcast(value, src=0)

    def add_up(self, network: nn.Module, loss: float) -> float:
        """Sum the gradients of everybody's share, in place, and the loss."""
        if self.size == 1:
            return loss
        parameters = list(network.parameters())
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([*(part.flatten() for part in parts), parts[0].new_tensor([loss])])
        distributed.all_reduce(flat)
        start = 0
        for parameter in parameters:
            parameter.grad = flat[start : start + parameter.numel()].view_as(parameter)
            start += parameter.numel()
        return float(flat[-1])

    def first(self, work: Callable[[], T]) -> T:
        """What the first process finds out; the others wait for it to say."""
        if self.size == 1:
            return work()
        said: list[Any] = [work() if self.rank == 0 else None]
        distributed.broadcast_object_list(said, src=0)
        found: T = said[0]
        return found


ALONE: Final = World()


@contextmanager
def world_of(plan: Plan) -> Iterator[World]:
    """The world that torchrun made, or one of this process alone; raises `Misconfigured` where it can't be joined."""
    if distributed.is_available() and distributed.is_initialized():
        yield World(distributed.get_rank(), distributed.get_world_size())
    elif distributed.is_available() and distributed.is_torchelastic_launched():
        try:
            distributed.init_process_group("nccl" if device_of(plan).type == "cuda" else "gloo")
        except (RuntimeError, ValueError) as error:
            raise Misconfigured(f"torchrun started this process, but the others can't be joined: {error}") from error
        try:
            yield World(distributed.get_rank(), distributed.get_world_size())
        finally:
            distributed.destroy_process_group()
    else:
        yield ALONE


def device_of(plan: Plan) -> torch.device:
    """The plan's, or CUDA where there is one; of several on a machine, each of torchrun's processes takes its own."""
    wanted = plan.device if plan.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and distributed.is_available() and distributed.is_torchelastic_launched():
        return torch.device("cuda", distributed.get_node_local_rank())
    return torch.device(wanted)
