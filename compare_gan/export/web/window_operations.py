"""Products of matrices, convolutions and pools.

A rule is a function of a Writer and an operation; it names the results.
"""

from typing import Any

from compare_gan.export.web import program_writer


def rule_of_pool(name: str) -> program_writer.Rule:
  def rule(writer: program_writer.Writer, op: Any) -> None:
    program_writer.require_nhwc(op)
    x, y = _image(op.inputs[0]), _image(op.outputs[0])
    kernel, stride = op.get_attr("ksize")[1:3], op.get_attr("strides")[1:3]
    number = writer.step(
      name,
      [writer.value(op.inputs[0])],
      input=x,
      output=y,
      kernel=kernel,
      stride=stride,
      pad=_padding(op, x, y, kernel, stride),
    )
    writer.name(op.outputs[0], number)

  return rule


def rule_of_matmul(transpose_a: str, transpose_b: str) -> program_writer.Rule:
  """Returns the rule of a product of matrices, or of batches of them.

  Args:
    transpose_a, transpose_b: the names of these attributes.
  """

  def rule(writer: program_writer.Writer, op: Any) -> None:
    a, b = op.inputs
    shapes = [program_writer.static_shape(a), program_writer.static_shape(b)]
    numbers = []
    for i, attribute in enumerate((transpose_a, transpose_b)):
      rank = len(shapes[i])
      if op.get_attr(attribute):
        order = [*range(rank - 2), rank - 1, rank - 2]
        numbers.append(writer.transposed(op.inputs[i], order))
        shapes[i] = [shapes[i][axis] for axis in order]
      else:
        numbers.append(writer.value(op.inputs[i]))
    batches = [program_writer.count_numbers(shape[:-2]) for shape in shapes]
    if batches[0] != batches[1]:
      raise program_writer.UnknownOperationError(
        f"{op.name} multiplies {shapes[0]} by {shapes[1]}. Both sides must "
        "hold as many matrices."
      )
    rows, inner = shapes[0][-2:]
    number = writer.step(
      "matmul",
      numbers,
      batch=batches[0],
      rows=rows,
      inner=inner,
      columns=shapes[1][-1],
    )
    writer.name(op.outputs[0], number)

  return rule


def convolution(writer: program_writer.Writer, op: Any) -> None:
  """Conv2D: its large image is the input."""
  x, kernel = op.inputs
  number = writer.value(kernel)  # [k, k, in, out]
  _convolve(
    writer, op, x, program_writer.static_shape(kernel), number, transposed=False
  )


def transposed_convolution(writer: program_writer.Writer, op: Any) -> None:
  """Conv2DBackpropInput: its large image is the output."""
  _, kernel, x = op.inputs
  order = [0, 1, 3, 2]  # [k, k, out, in] becomes that of a convolution.
  shape = [program_writer.static_shape(kernel)[axis] for axis in order]
  number = writer.transposed(kernel, order)
  _convolve(writer, op, x, shape, number, transposed=True)


def _convolve(writer, op, x, kernel_shape, kernel, transposed):
  program_writer.require_nhwc(op)
  y = op.outputs[0]
  in_shape, out_shape = _image(x), _image(y)
  if list(op.get_attr("dilations")) != [1, 1, 1, 1] or (
    kernel_shape[2:] != [in_shape[2], out_shape[2]]
  ):
    raise program_writer.UnknownOperationError(
      f"{op.name} is dilated or has groups, which a page cannot compute."
    )
  large, small = in_shape, out_shape
  if transposed:
    large, small = small, large
  kernel_size, stride = kernel_shape[:2], op.get_attr("strides")[1:3]
  number = writer.step(
    "convolve",
    [writer.value(x), kernel],
    transposed=transposed,
    input=in_shape,
    output=out_shape,
    kernel=kernel_size,
    stride=stride,
    pad=_padding(op, large, small, kernel_size, stride),
  )
  writer.name(y, number)


def _image(tensor):
  """Returns the [H, W, C] of a tensor that holds one image."""
  n, *shape = program_writer.static_shape(tensor)
  if n != 1 or len(shape) != 3:
    raise program_writer.UnknownOperationError(
      f"{tensor.name} is not one image."
    )
  return shape


def _padding(op, large, small, kernel, stride):
  """Returns how many rows and columns are added at the top and left."""
  padding = op.get_attr("padding")
  if padding == b"EXPLICIT":
    _, _, top, _, left, _, _, _ = op.get_attr("explicit_paddings")
    return [top, left]
  if padding == b"VALID":
    return [0, 0]
  return [
    max((small[i] - 1) * stride[i] + kernel[i] - large[i], 0) // 2
    for i in range(2)
  ]
