"""AdamW alone, or Muon for the blocks' matrices (Jordan et al. 2024) with AdamW for the rest."""

import torch

MOMENTUM = 0.95


@torch.no_grad()
def orthogonalised(matrix, steps=5):
    """Newton-Schulz with the quintic of Jordan et al.: close to the nearest semi-orthogonal matrix."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16() if matrix.is_cuda else matrix
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.t()
        x = a * x + (b * square + c * square @ square) @ x
    return (x.t() if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr, weight_decay):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].mul_(MOMENTUM).add_(weight.grad)
                update = orthogonalised(weight.grad + MOMENTUM * momentum)
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                # Scaled so that updates are as large as AdamW's and the same learning rate serves (Liu et al. 2025).
                weight.add_(update, alpha=-group["lr"] * 0.2 * max(weight.shape) ** 0.5)


class Optimizer:
    """`rates`: by a parameter's name, how much of each step its single numbers take; `without`: by a parameter's name, a column
    and orthonormal directions [outputs, n] in which what is written from that column on has nothing."""

    def __init__(self, model, kind, weight_decay=0.1, fused=False, rates=None, without=None):
        parameters = dict(model.named_parameters())
        self.without = [(parameters[name], *kept) for name, kept in (without or {}).items()]
        self.rates = [(parameters[name], rate) for name, rate in (rates or {}).items() if parameters[name].requires_grad]
        matrices = [weight for name, weight in model.named_parameters() if weight.dim() == 2 and "embd" not in name]
        chosen = {id(weight) for weight in matrices}
        others = [weight for weight in model.parameters() if id(weight) not in chosen and weight.requires_grad]
        settings = {"betas": (0.9, 0.95), "eps": 1e-8, **({"fused": True} if fused else {})}
        rest = [
            {"params": [weight for weight in others if weight.dim() == 2], "weight_decay": 0.0},
            {"params": [weight for weight in others if weight.dim() < 2], "weight_decay": 0.0},
        ]
        if kind == "muon":
            self.parts = [Muon(matrices, 0.0, weight_decay), torch.optim.AdamW(rest, 0.0, **settings)]
        else:
            rest.append({"params": matrices, "weight_decay": weight_decay})
            self.parts = [torch.optim.AdamW(rest, 0.0, **settings)]

    @torch.no_grad()
    def step(self, rate):
        before = [weight.clone() for weight, _ in self.rates]
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)
        for (weight, share), old in zip(self.rates, before):
            weight.copy_(old + share * (weight - old))
        for weight, first, directions in self.without:
            free = weight[:, first:]
            free -= directions @ (directions.T @ free)

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, saved):
        for part, state in zip(self.parts, saved):
            part.load_state_dict(state)
