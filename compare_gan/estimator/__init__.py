"""How a training is run: devices, loops, checkpoints. Knows no GAN."""
