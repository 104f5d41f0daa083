// GHASH (SP 800-38D, 6.4), a block a cycle: y becomes (y ^ x) * h with `absorb`, 0 with `clear`. Bit 0 of SP 800-38D is
// bit 127.
module ghash
  import aes_package::*;
#(
    parameter int BUG = 0  // 2: see aes
) (
    input  logic   clk,
    input  logic   rst_n,
    input  logic   clear,
    input  logic   absorb,
    input  block_t h,
    input  block_t x,
    output block_t y
);
  localparam block_t REDUCTION = {8'he1, 120'h0};

  function automatic block_t multiply(block_t a, block_t b);
    block_t z, v;
    z = '0;
    v = b;
    for (int i = 0; i < 128; ++i) begin
      if (a[127-i]) z = z ^ v;
      v = {1'b0, v[127:1]} ^ (v[0] && !(BUG == 2 && i == 126) ? REDUCTION : 128'h0);
    end
    return z;
  endfunction

  always_ff @(posedge clk) begin
    if (!rst_n || clear) y <= '0;
    else if (absorb) y <= multiply(y ^ x, h);
  end
endmodule
