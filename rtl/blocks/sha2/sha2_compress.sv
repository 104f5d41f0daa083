// The compression function of SHA-2 (FIPS 180-4, 6.2 and 6.4), a round a cycle: of SHA-256 with WIDTH 32, of SHA-512
// with 64.
//
// `init` sets the hash value. `start`, while not busy, takes a block; it is in the hash value when busy is 0 again, 66 or
// 82 cycles later. Words are big-endian numbers, the first highest.
module sha2_compress
  import sha2_package::*;
#(
    parameter int WIDTH = 64,
    parameter int BUG   = 0    // 1: see sha2
) (
    input  logic                clk,
    input  logic                rst_n,
    input  logic                init,
    input  logic [ 8*WIDTH-1:0] initial_hash,
    input  logic                start,
    input  logic [16*WIDTH-1:0] block,
    output logic                busy,
    output logic [ 8*WIDTH-1:0] hash
);
  typedef logic [WIDTH-1:0] word_t;
  localparam bit WIDE = WIDTH == 64;
  localparam int ROUNDS = WIDE ? 80 : 64;

  function automatic word_t rotate(word_t x, int by);
    return (x >> by) | (x << (WIDTH - by));
  endfunction
  function automatic word_t upper_sigma_0(word_t x);
    return WIDE ? rotate(x, 28) ^ rotate(x, 34) ^ rotate(x, 39) : rotate(x, 2) ^ rotate(x, 13) ^ rotate(x, 22);
  endfunction
  function automatic word_t upper_sigma_1(word_t x);
    return WIDE ? rotate(x, 14) ^ rotate(x, 18) ^ rotate(x, 41) : rotate(x, 6) ^ rotate(x, 11) ^ rotate(x, 25);
  endfunction
  function automatic word_t lower_sigma_0(word_t x);
    return WIDE ? rotate(x, 1) ^ rotate(x, 8) ^ (x >> 7) : rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3);
  endfunction
  function automatic word_t lower_sigma_1(word_t x);
    return WIDE ? rotate(x, 19) ^ rotate(x, 61) ^ (x >> 6) : rotate(x, 17) ^ rotate(x, 19) ^ (x >> 10);
  endfunction

  logic [6:0] round;
  word_t a, b, c, d, e, f, g, h;
  word_t schedule[16];  // the words of this round and the next ones

  word_t constant, t1, t2;
  assign constant = WIDTH'((BUG == 1 && round == 7'd63 ? 64'h1_0000_0000 : 64'h0) ^
      ROUND_CONSTANT[round] >> (WIDE ? 0 : 32));
  assign t1 = h + upper_sigma_1(e) + ((e & f) ^ (~e & g)) + constant + schedule[0];
  assign t2 = upper_sigma_0(a) + ((a & b) ^ (a & c) ^ (b & c));

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy <= 1'b0;
      hash <= '0;
    end else if (init) begin
      busy <= 1'b0;
      hash <= initial_hash;
    end else if (start) begin
      busy  <= 1'b1;
      round <= '0;
      {a, b, c, d, e, f, g, h} <= hash;
      for (int i = 0; i < 16; ++i) schedule[i] <= block[WIDTH*(15-i)+:WIDTH];
    end else if (busy && round != 7'(ROUNDS)) begin
      round <= round + 1;
      {b, c, d, f, g, h} <= {a, b, c, e, f, g};
      a <= t1 + t2;
      e <= d + t1;
      for (int i = 0; i < 15; ++i) schedule[i] <= schedule[i+1];
      schedule[15] <= lower_sigma_1(schedule[14]) + schedule[9] + lower_sigma_0(schedule[1]) + schedule[0];
    end else if (busy) begin
      busy <= 1'b0;
      hash <= {hash[7*WIDTH+:WIDTH] + a, hash[6*WIDTH+:WIDTH] + b, hash[5*WIDTH+:WIDTH] + c,
               hash[4*WIDTH+:WIDTH] + d, hash[3*WIDTH+:WIDTH] + e, hash[2*WIDTH+:WIDTH] + f,
               hash[1*WIDTH+:WIDTH] + g, hash[0*WIDTH+:WIDTH] + h};
    end
  end
endmodule
