// SHA-2 engine: SHA-224, -256, -384, -512, -512/224 and -512/256 (FIPS 180-4), padding included.
//
// Ports: clk; rst_n, synchronous, active low, at least one cycle; s_axil_*, AXI4-Lite with the registers of sha2.def;
// s_axis_*, the message, AXI4-Stream of 64 bits, byte 0 lowest; irq, level.
//
// A message: write ALGORITHM; write CONTROL.START; send the message as one packet, an empty one as one beat with tlast
// and no byte in tkeep; read DIGEST when INTERRUPT_STATUS.DONE is 1. Beats wait (tready 0) ahead of START.
//
// Throughput: a block of 64 bytes in 66 cycles (SHA-224, SHA-256), of 128 bytes in 82 (the others), while the next one is
// taken in. The digest is there at most 2 blocks' time and 20 cycles behind the last beat.
//
// Bad input: an ALGORITHM that names none sets ERROR.CONFIG and begins nothing. A beat with gaps in tkeep, or one that is
// not full and not the last, sets ERROR.FRAMING; the message is taken to its end and gives no digest. ALGORITHM and START
// while BUSY, and addresses without a register, answer SLVERR and do nothing.
//
// BUG, for demonstrations of lockstep: 0 none; 1 SHA-384, SHA-512 and -512/t: round constant 63 has a wrong bit;
// 2 the length of a message of 112 to 119 bytes, mod 128, is put into a block where it does not fit, with the same
// algorithms.
module sha2
  import sha2_package::*;
#(
    parameter int BUG = 0
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic [11:0] s_axil_awaddr,
    input  logic [ 2:0] s_axil_awprot,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [11:0] s_axil_araddr,
    input  logic [ 2:0] s_axil_arprot,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,
    input  logic [63:0] s_axis_tdata,
    input  logic [ 7:0] s_axis_tkeep,
    input  logic        s_axis_tlast,
    input  logic        s_axis_tvalid,
    output logic        s_axis_tready,
    output logic        irq
);
  logic write, write_error, read, read_error;
  logic [11:0] write_address, read_address;
  logic [31:0] write_data, write_mask, read_data;
  axil_slave axil (.*);

  logic [2:0] algorithm;
  logic start, abort, busy, valid, done, framing;
  logic [511:0] digest;
  sha2_registers registers (.*);

  // The block that is being filled, in slots of 64 bits, the first highest.
  typedef enum logic [2:0] {IDLE, DATA, PAD, LAST, FINISH} state_t;
  state_t state;
  logic wide, full, cut, marked, length_fits;
  logic [3:0] slot, last_slot;
  logic [1023:0] block;
  logic [60:0] bytes;  // of the message
  assign wide = is_wide(algorithm);
  assign last_slot = wide ? 4'd15 : 4'd7;
  assign busy = state != IDLE;

  // The beat at hand, as a number whose first byte is highest, and with the padding's first bit if it ends there.
  logic accept;
  logic [3:0] count;
  logic [63:0] beat_word;
  assign s_axis_tready = state == DATA && !full;
  assign accept = s_axis_tvalid && s_axis_tready;
  always_comb begin
    count = '0;
    for (int i = 0; i < 8; ++i) if (s_axis_tkeep[i] && count == 4'(i)) count = 4'(i + 1);
    for (int i = 0; i < 8; ++i) begin
      if (4'(i) < count) beat_word[8*(7-i)+:8] = s_axis_tdata[8*i+:8];
      else beat_word[8*(7-i)+:8] = 4'(i) == count ? 8'h80 : 8'h00;
    end
  end
  assign framing = accept && ((s_axis_tkeep & (s_axis_tkeep + 1)) != 0 || (!s_axis_tlast && count != 8));

  // What goes into the slot.
  logic put, ends;
  logic [63:0] word;
  assign put  = accept || (state == PAD && !full);
  assign ends = state == PAD && marked && length_fits && slot == last_slot;
  always_comb begin
    if (state == DATA) word = beat_word;
    else if (!marked) word = {1'b1, 63'b0};
    else word = ends ? {bytes, 3'b0} : '0;
  end

  // Whether there is room for the length behind the padding's first bit: 8 bytes of it, or 16.
  function automatic logic fits(logic [3:0] marker);
    return marker < (wide ? (BUG == 2 ? 4'd15 : 4'd14) : 4'd7);
  endfunction

  logic hash_busy, hash_start;
  assign hash_start = full && !hash_busy;

  always_ff @(posedge clk) begin
    if (put) block[{~slot, 6'b0}+:64] <= word;
    if (start) begin
      slot  <= '0;
      full  <= 1'b0;
      bytes <= '0;
    end else if (put) begin
      slot <= slot == last_slot ? '0 : slot + 1;
      full <= slot == last_slot;
      if (accept) bytes <= bytes + 61'(count);
    end else if (hash_start) begin
      full <= 1'b0;
    end
    if (start) begin
      marked      <= 1'b0;
      length_fits <= 1'b0;
    end else if (put && !marked && (state == PAD || count != 8)) begin
      marked      <= 1'b1;
      length_fits <= fits(slot);
    end else if (hash_start) begin
      length_fits <= marked;
    end
  end

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (!rst_n || abort) begin
      state <= IDLE;
      valid <= 1'b0;
    end else begin
      case (state)
        IDLE:
        if (start) begin
          state <= DATA;
          valid <= 1'b0;
          cut   <= 1'b0;
        end
        DATA: begin
          if (accept && s_axis_tlast) state <= PAD;
          if (framing) cut <= 1'b1;
        end
        PAD: if (put && ends) state <= LAST;
        LAST: if (hash_start) state <= FINISH;
        default:
        if (!hash_busy) begin
          state <= IDLE;
          valid <= !cut;
          done  <= 1'b1;
        end
      endcase
    end
  end

  // The compression functions; only the one that the algorithm needs runs.
  logic busy_32, busy_64;
  logic [255:0] initial_32, hash_32;
  logic [511:0] initial_64, hash_64;
  assign hash_busy  = busy_32 || busy_64;
  assign initial_32 = algorithm == SHA224 ? INITIAL_224 : INITIAL_256;
  always_comb begin
    case (algorithm)
      SHA384: initial_64 = INITIAL_384;
      SHA512_224: initial_64 = INITIAL_512_224;
      SHA512_256: initial_64 = INITIAL_512_256;
      default: initial_64 = INITIAL_512;
    endcase
  end
  sha2_compress #(.WIDTH(32)) compress_32 (
      .clk, .rst_n, .init(start), .initial_hash(initial_32), .start(hash_start && !wide), .block(block[1023:512]),
      .busy(busy_32), .hash(hash_32));
  sha2_compress #(.WIDTH(64), .BUG(BUG)) compress_64 (
      .clk, .rst_n, .init(start), .initial_hash(initial_64), .start(hash_start && wide), .block, .busy(busy_64),
      .hash(hash_64));

  logic [511:0] whole;
  assign whole = wide ? hash_64 : {hash_32, 256'b0};
  always_comb begin
    digest = '0;
    for (int i = 0; i < 64; ++i)
      if (valid && 7'(i) < digest_bytes(algorithm)) digest[8*(63-i)+:8] = whole[8*(63-i)+:8];
  end

  logic unused;
  assign unused = &{1'b0, read};
endmodule
