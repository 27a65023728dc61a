"""Reading and writing with models of GPT-2's shapes in transformers, float32, weights as they were drawn, for
`telar bench decode/…` and `prefill/…`. Prints the same JSON as ours.

The prompt goes through the model in one pass that keeps keys and values and computes the last position's logits alone, as
`generate` does; then every token is read once and the next one drawn with the options that Telar starts with.
"""

import argparse
import json
import statistics
import time

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.generation import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

SHAPES = {"gpt2": dict(n_embd=768, n_layer=12, n_head=12), "gpt2-medium": dict(n_embd=1024, n_layer=24, n_head=16)}
CONTINUED = (64, 192)
PROMPT = 512


def decode(model):
    prompt, length = CONTINUED
    ids = torch.randint(model.config.vocab_size, (1, prompt))
    warpers = LogitsProcessorList([TemperatureLogitsWarper(0.6), TopPLogitsWarper(0.9)])
    out = model(ids, use_cache=True, logits_to_keep=1)
    start = time.perf_counter()
    while ids.shape[1] < length:
        probabilities = warpers(ids, out.logits[:, -1]).softmax(-1)
        chosen = torch.multinomial(probabilities, 1)
        ids = torch.cat((ids, chosen), 1)
        out = model(chosen, past_key_values=out.past_key_values, use_cache=True, logits_to_keep=1)
    return (length - prompt) / (time.perf_counter() - start)


def prefill(model):
    ids = torch.randint(model.config.vocab_size, (1, PROMPT))
    start = time.perf_counter()
    model(ids, use_cache=True, logits_to_keep=1)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["decode/gpt2", "decode/gpt2-medium", "prefill/gpt2"])
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--samples", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    kind, shape = options.work.split("/")
    model = GPT2LMHeadModel(GPT2Config(**SHAPES[shape])).eval()
    run = decode if kind == "decode" else prefill
    with torch.inference_mode():
        run(model)
        samples = [run(model) for _ in range(options.samples)]
    device = f"cpu, transformers {transformers.__version__}, PyTorch {torch.__version__}"
    result = {"work": options.work, "device": device, "unit": "tokens/s" if kind == "decode" else "s"}
    print(json.dumps(result | {"samples": samples, "median": statistics.median(samples)}))


if __name__ == "__main__":
    main()
