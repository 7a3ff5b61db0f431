"""What surrounds a forward pass: given once, not handed through each call.

  module     what it gives                     entered with
  scope      names and first values of         scope("generator"),
             variables                         building(seed=...)
  state      where updates of moving averages  deferred(), frozen(),
             and power iterations go           recorded(), replayed(...)
  recompute  which activations are computed    using(True)
             twice instead of kept
  draws      random numbers by seed and row    seeded(seed), fed(values)
  replica    which replica runs, and means     running(replicas)
             over all of them
  gin_scope  settings of one network alone     settings_of("G")
  precision  what convolutions compute in      using("bfloat16")

Without a block around it each has a plain default: one replica, float32, fresh
draws, updates at once. Three more modules need no block: `pixels` converts
images to what networks take, `graphs` walks over traced operations, and `cpu`
says what the processor is. Every room may import this one; it imports no room.
If something new concerns every layer but no caller in between, give it a module
here.
"""
