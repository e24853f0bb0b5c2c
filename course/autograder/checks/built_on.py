"""Which asked-for functions an answer may be built on; where one of these is wrong, a right one may stand in for it.

None that answers the same question in another way is here (`batchnorm_backward` for `batchnorm_backward_alt`,
`conv_forward_naive` for `conv_forward_im2col`): with a right one in its place an answer of one line would be right.
"""

_BATCH_NORM_BACKWARD = ("batchnorm_backward", "batchnorm_backward_alt")

BUILT_ON: dict[str, tuple[str, ...]] = {
    "batchnorm_forward": ("batch_moments", "normalize", "scale_shift"),
    "spatial_batchnorm_forward": ("batchnorm_forward",),
    "spatial_batchnorm_backward": _BATCH_NORM_BACKWARD,
    "affine_bn_relu_forward": ("batchnorm_forward",),
    "affine_bn_relu_backward": _BATCH_NORM_BACKWARD,
    "six_layer_net": ("affine_bn_relu_forward", "affine_bn_relu_backward"),
    "dropout_forward": ("dropout_apply",),
    "dropout_backward": ("dropout_apply",),
    "spatial_dropout_forward": ("dropout_apply",),
    "dropconnect_forward": ("dropout_forward",),
    "affine_relu_dropout_forward": ("dropout_forward",),
    "affine_relu_dropout_backward": ("dropout_backward",),
    "conv2d_operations": ("conv2d_output_shape",),
    "network_table": ("conv2d_operations", "conv2d_output_shape", "pool2d_output_shape"),
    "conv_forward_naive": ("conv2d_output_shape",),
    "conv_forward_im2col": ("conv2d_output_shape", "im2col"),
    "max_pool_forward": ("pool2d_output_shape",),
    "batch_renorm_forward": ("renorm_correction",),
    "cross_iteration_moments": ("compensate_moment",),
}


def built_on(functions: tuple[str, ...]) -> tuple[str, ...]:
    """All that these functions may be built on, at whatever depth, without the functions themselves."""
    found: dict[str, None] = {}
    waiting = [below for function in functions for below in BUILT_ON.get(function, ())]
    while waiting:
        function = waiting.pop(0)
        if function not in found:
            found[function] = None
            waiting += BUILT_ON.get(function, ())
    return tuple(function for function in found if function not in functions)
