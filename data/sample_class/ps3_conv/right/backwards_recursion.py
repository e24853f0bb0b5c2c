"""The receptive field from the last layer back, the table by recursion, shapes by counting windows one by one."""


def _pair(v):
    return [v] * 2 if isinstance(v, int) else list(v)


def _count(room, reach, stride):
    if room < reach:
        raise ValueError("nothing fits")
    place = windows = 0
    while place + reach <= room:
        place, windows = place + stride, windows + 1
    return windows


def conv2d_output_shape(input_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    batch, channels, *size = input_shape
    kernels, depth, *kernel = weight_shape
    if channels // groups != depth or channels % groups or kernels % groups:
        raise ValueError("groups")
    s, d = _pair(stride), _pair(dilation)
    if padding == "SAME":
        sizes = [len(range(0, size[a], s[a])) for a in (0, 1)]
        return tuple([batch, kernels] + sizes)
    if padding == "VALID":
        padding = 0
    edges = _pair(padding) if isinstance(padding, int) or len(padding) == 2 else None
    if edges is not None:
        pads = [2 * edges[0], 2 * edges[1]]
    elif isinstance(padding[0], int):
        pads = [padding[0] + padding[1], padding[2] + padding[3]]
    else:
        pads = [sum(padding[2]), sum(padding[3])]
    return batch, kernels, *(_count(size[a] + pads[a], 1 + d[a] * (kernel[a] - 1), s[a]) for a in (0, 1))


def pool2d_output_shape(input_shape, kernel_size, stride=None, padding=0, ceil_mode=False):
    k, p = _pair(kernel_size), _pair(padding)
    s = _pair(kernel_size if stride is None else stride)
    sizes = []
    for n, a, b, c in zip(input_shape[2:], k, s, p):
        windows = _count(n + 2 * c, a, b)
        if ceil_mode and (windows - 1) * b + a < n + 2 * c:
            windows += 1
        sizes.append(windows)
    return [*input_shape[:2], *sizes]


def conv2d_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    total = 0
    for _ in range(out_channels):
        total += in_channels // groups * _pair(kernel_size)[0] * _pair(kernel_size)[1]
        if bias:
            total += 1
    return total


def _row(layer, shape):
    kind, n = layer["type"], shape[0]
    empty = {"weight_shape": None, "bias_shape": None, "parameters": 0, "multiplications": 0, "additions": 0}
    row = {**empty, "paddle_flops": 0, "output_shape": shape}
    if kind == "conv2d":
        g, b = layer.get("groups", 1), layer.get("bias", True)
        w = [layer["out_channels"], shape[1] // g] + _pair(layer["kernel_size"])
        out = conv2d_output_shape(
            shape, w, layer.get("stride", 1), layer.get("padding", 0), layer.get("dilation", 1), g
        )
        values, taps = out[0] * out[1] * out[2] * out[3], w[1] * w[2] * w[3]
        row |= {"output_shape": out, "weight_shape": w, "bias_shape": [w[0]] if b else None}
        row |= {"parameters": w[0] * (taps + b), "multiplications": values * taps}
        row |= {"additions": values * (taps - 1 + b), "paddle_flops": values * (taps + b)}
    elif kind == "max_pool2d":
        row["output_shape"] = pool2d_output_shape(
            shape,
            layer["kernel_size"],
            layer.get("stride"),
            layer.get("padding", 0),
            layer.get("ceil_mode", False),
        )
    elif kind == "batch_norm2d":
        values = n * shape[1] * shape[2] * shape[3]
        row |= {"weight_shape": [shape[1]], "bias_shape": [shape[1]], "parameters": 2 * shape[1]}
        row |= {"multiplications": values, "additions": values, "paddle_flops": values * 2}
    elif kind == "flatten":
        row["output_shape"] = [n, shape[1] * shape[2] * shape[3]]
    elif kind == "linear":
        m, b = layer["out_features"], layer.get("bias", True)
        row |= {"output_shape": (n, m), "weight_shape": (shape[1], m), "bias_shape": (m,) if b else None}
        row |= {"parameters": m * (shape[1] + b), "multiplications": n * m * shape[1]}
        row |= {"additions": n * m * (shape[1] - 1 + b), "paddle_flops": n * m * shape[1]}
    return row


def network_table(layers, input_shape):
    if not layers:
        return []
    first = _row(layers[0], list(input_shape))
    return [first] + network_table(layers[1:], first["output_shape"])


def receptive_field(layers):
    height = width = 1
    for layer in reversed(layers):
        if "kernel_size" in layer:
            k = _pair(layer["kernel_size"])
            s = _pair(layer.get("stride", k if layer["type"] == "max_pool2d" else 1))
            d = _pair(layer.get("dilation", 1))
            height = (height - 1) * s[0] + d[0] * (k[0] - 1) + 1
            width = (width - 1) * s[1] + d[1] * (k[1] - 1) + 1
    return height, width
