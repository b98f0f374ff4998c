"""The recurrence of `model.encoder` over whole sequences, with its derivative written out.

On a CPU, where steps are small and many, that is faster than torch's own, which adds up the weights' derivative at
every step (`make bench-train` compares them).
"""

from typing import Any

import torch
from torch import Tensor


def recur(of_input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The states (T, B, H) after each event, from the zero state, as `encoder.cell` steps them.

    `of_input` (T, B, 3H): the inputs by their weights, with their bias; `weight` (3H, H) and `bias` (3H,) of the state.
    """
    states: Tensor = _Recurrence.apply(of_input, weight, bias)
    return states


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, of_input: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        events, users, units = of_input.shape[0], of_input.shape[1], weight.shape[1]
        states = of_input.new_zeros(events + 1, users, units)
        gates = torch.empty(events, users, 2 * units, dtype=of_input.dtype, device=of_input.device)
        news, inner = torch.empty_like(states[1:]), torch.empty_like(states[1:])
        across = weight.t().contiguous()
        steps = zip(
            states[:-1].unbind(),
            states[1:].unbind(),
            of_input[:, :, : 2 * units].unbind(),
            of_input[:, :, 2 * units :].unbind(),
            gates.unbind(),
            gates[:, :, :units].unbind(),
            gates[:, :, units:].unbind(),
            news.unbind(),
            inner.unbind(),
            strict=True,
        )
        for before, after, to_gates, to_new, gate, reset, update, new, own in steps:
            of_hidden = torch.addmm(bias, before, across)
            torch.add(of_hidden[:, : 2 * units], to_gates, out=gate).sigmoid_()
            own.copy_(of_hidden[:, 2 * units :])
            torch.addcmul(to_new, reset, own, out=new).tanh_()
            torch.lerp(new, before, update, out=after)
        ctx.save_for_backward(states, gates, news, inner, weight)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """By back-propagation through time: each step passes back one product, the weights' is made of all at once."""
        states, gates, news, inner, weight = ctx.saved_tensors
        units = weight.shape[1]
        before, reset, update = states[:-1], gates[:, :, :units], gates[:, :, units:]
        # what a state's derivative is multiplied by on its way to the new value, and to the three parts of `of_hidden`
        to_new = (1 - update) * (1 - news * news)
        factors = torch.stack(
            [to_new * inner * reset * (1 - reset), (before - news) * update * (1 - update), to_new * reset], dim=2
        )
        through = torch.empty_like(news)
        parts = torch.empty_like(factors)
        carried = torch.zeros_like(news[0])
        flat = parts.flatten(2).unbind()
        for place in range(len(news) - 1, -1, -1):
            at = torch.add(carried, gradients[0][place], out=through[place])
            torch.mul(factors[place], at[:, None, :], out=parts[place])
            carried = torch.addmm(at * update[place], flat[place], weight)
        of_hidden = parts.flatten(2)
        of_input = of_hidden.clone()
        torch.mul(to_new, through, out=of_input[:, :, 2 * units :])
        columns = of_hidden.flatten(0, 1)
        return of_input, columns.t() @ before.flatten(0, 1), columns.sum(dim=0)
