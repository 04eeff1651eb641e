"""What is written on the page, in Chinese, in the terms of the chapter; regimes and diagrams are said as in the figures."""

from numerics.figures.chinese import CHINESE as FIGURES

__all__ = ["CHINESE"]

_MISTAKES = {
    "{} is no number; give a decimal or a fraction, such as {}": "{} 不是数字；请输入小数或分数，例如 {}",
    "{} is no integer; give one such as {}": "{} 不是整数；请输入整数，例如 {}",
    "slice {}: give {}, such as {}": "切片 {}：请写成 {}，例如 {}",
    "{}; give even integers >= {} and <= {}: an antisymmetric start pairs neurons": "{}；请输入 {} 至 {} 的偶数：反对称的初值把神经元两两配对",
    "{}; give {} to {} neurons for {} layers under gradient flow: these train while one waits": "{0}；{3} 层网络在梯度流下请取 {1} 至 {2} 个神经元，方可即时训练",
    "{}; give {} to {} neurons for {} layers under Adam: these train while one waits": "{0}；{3} 层网络在 Adam 下请取 {1} 至 {2} 个神经元，方可即时训练",
    "{} is negative; give {} or a positive number such as {}": "{} 为负数；请输入 {} 或正数，例如 {}",
    "{} with {} layers; mu = lambda alpha is a number of two layers": "{}，{} 层；mu = lambda alpha 只用于两层网络",
    "data are {} points; give two points or more, {}, such as {}, at most {}": "数据有 {} 个点；请给出至少两个点 {}，例如 {}，最多 {} 个",
    "{}; give two points or more, {}, such as {}": "{}；请给出至少两个点 {}，例如 {}",
    "{} has what is no number; give two points or more, {}, such as {}": "{} 中有非数字；请给出至少两个点 {}，例如 {}",
    "{}: two points have the same x, and no function fits both; move one": "{}：有两个点的 x 相同，没有函数能同时拟合；请移动其中一个",
    "all targets are zero: {} fits them at the start, and no weight moves; give other targets": "目标全为零：初始的 {} 已经拟合，权重不会移动；请给出其他目标",
    "{}; give {} or a positive integer": "{}；请输入 {} 或正整数",
    "{}; use one of gradient-flow, adam": "{}；请取 gradient-flow 或 adam",
}

CHINESE = (
    FIGURES
    | _MISTAKES
    | {
        "Phase diagram of neural networks": "神经网络的相图",
        "click: train that network": "点击：训练该处的网络",
        "slice": "切片",
        "plane": "平面",
        "gradient flow": "梯度流",
        "optimiser": "优化器",
        "width": "宽度",
        "decay μ = λα": "权重衰减 μ = λα",
        "seed": "随机种子",
        "data": "数据",
        "curve": "曲线",
        "points": "自选点",
        "points x,y; x,y": "点 x,y; x,y",
        "points: click below to add, drag to move": "点：在下图中点击添加，拖动移动",
        "what if": "如果",
        "Adam": "Adam",
        "gradient flow again": "回到梯度流",
        "weight decay": "权重衰减",
        "no decay": "不衰减",
        "width × {}": "宽度 × {}",
        "copy link": "复制链接",
        "Python": "Python 代码",
        "function": "函数",
        "features": "特征",
        "orientation of w": "w 的方向",
        "amplitude": "幅度",
        "time": "时间",
        "steps": "步数",
        "dashed: predicted F": "虚线：预测值 F",
        "where (P, κ') sits": "(P, κ′) 的位置",
        "training …": "训练中 …",
        "training … the first time on a machine the program is compiled for it, which takes a minute or two": "训练中 … 在一台机器上首次使用时须先编译，约一两分钟",
        "linear": "线性",
        "critical": "临界",
        "condensed": "凝聚",
        "proved": "已证明",
        "derived": "推导",
        "colour: RD of w": "颜色：w 的 RD",
        "colour: RD, gradient flow": "颜色：梯度流的 RD",
        "the loss reached loss_tol": "损失已降至终止值",
        "forces balance weight decay or dropout, nothing moves": "梯度与衰减平衡，不再移动",
        "max_seconds was used up before the loss reached loss_tol": "时间用尽，损失未降至终止值",
        "max_steps was used up before the loss reached loss_tol": "步数用尽，损失未降至终止值",
        "a local minimum as far as the optimiser gets: the loss no longer falls, whatever the rate": "优化器止于局部极小：损失不再下降",
        "a local minimum of the flow: nothing moves, nothing is about to grow": "梯度流的局部极小：不再移动",
        "an equilibrium of the flow that a nudge upsets: nothing moves, but neurons that lie on a kink, as relu'({})": "梯度流的不稳定平衡点",
    }
)
