// Reads `length` bytes at `address` over AXI4 and gives them out in words that begin where the destination's do: `offset`
// is the destination's address mod 8, and byte `offset` of the first word is the first byte. Bytes of a word that are not
// of the range may be anything.
//
// `start`, while not busy, takes what to read; length is not 0. Bursts have up to 16 beats, do not cross 4 KiB, and cover
// whole words of 8 bytes; up to OUTSTANDING of them are on their way, and never more beats than there is room for:
// `filled` words of the DEPTH behind out_* are taken. With `stop`, or once `error` is 1 (an answer was not OKAY, after
// which nothing is given out), no further burst begins; busy is 0 when all that began have ended.
module dma_read #(
    parameter int OUTSTANDING = 4,
    parameter int DEPTH = 128
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        start,
    input  logic [63:0] address,
    input  logic [31:0] length,
    input  logic [ 2:0] offset,
    input  logic        stop,
    output logic        busy,
    output logic        error,
    output logic        out_valid,
    output logic [63:0] out_data,
    input  logic [ 7:0] filled,
    output logic [63:0] m_axi_araddr,
    output logic [ 7:0] m_axi_arlen,
    output logic        m_axi_arvalid,
    input  logic        m_axi_arready,
    input  logic [63:0] m_axi_rdata,
    input  logic [ 1:0] m_axi_rresp,
    input  logic        m_axi_rlast,
    input  logic        m_axi_rvalid,
    output logic        m_axi_rready
);
  logic [60:0] next;            // word that the next burst begins with
  logic [29:0] to_ask, in_left, out_left;  // words
  logic [ 2:0] bursts;          // on their way
  logic [ 7:0] beats;           // of these
  logic [ 4:0] burst;           // beats of the next burst
  logic [ 9:0] to_boundary;

  function automatic logic [29:0] words(logic [31:0] bytes, logic [2:0] from);
    return 30'((33'(bytes) + 33'(from) + 7) >> 3);
  endfunction

  assign to_boundary = 10'd512 - 10'(next[8:0]);
  always_comb begin
    burst = 5'd16;
    if (to_ask < 16) burst = to_ask[4:0];
    if (to_boundary < 10'(burst)) burst = to_boundary[4:0];
  end

  logic ask, answered, halted;
  assign halted = stop || error;
  assign ask = busy && !halted && !m_axi_arvalid && to_ask != 0 && bursts < 3'(OUTSTANDING) &&
      32'(filled) + 32'(beats) + 32'(burst) < DEPTH;
  assign answered = m_axi_rvalid && m_axi_rready;
  assign m_axi_rready = bursts != 0;

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      m_axi_arvalid <= 1'b0;
      m_axi_araddr  <= '0;
      m_axi_arlen   <= '0;
      bursts        <= '0;
      beats         <= '0;
      to_ask        <= '0;
    end else begin
      if (start) begin
        next   <= address[63:3];
        to_ask <= words(length, address[2:0]);
      end
      if (ask) begin
        m_axi_arvalid <= 1'b1;
        m_axi_araddr  <= {next, 3'b0};
        m_axi_arlen   <= 8'(burst) - 8'd1;
        next          <= next + 61'(burst);
        to_ask        <= to_ask - 30'(burst);
      end else if (m_axi_arready) begin
        m_axi_arvalid <= 1'b0;
      end
      bursts <= bursts + 3'(ask) - 3'(answered && m_axi_rlast);
      beats  <= beats + (ask ? 8'(burst) : 8'd0) - 8'(answered);
    end
  end

  // Realignment: a word out is made of two words in, or of one. Where the source stands higher in its word than the
  // destination, the first word in is only kept; what is kept at the end may be one word more.
  logic [2:0] shift;  // bytes
  logic keep_only, flush;
  logic [63:0] kept;
  function automatic logic [63:0] joined(logic [63:0] high, logic [63:0] low);
    return shift == 0 ? high : 64'({high, low} >> {shift, 3'b000});
  endfunction
  assign flush = busy && in_left == 0 && out_left != 0 && !halted;
  assign out_valid = flush || (answered && m_axi_rresp == 2'b00 && !keep_only && out_left != 0 && !halted);
  assign out_data = joined(flush ? 64'b0 : m_axi_rdata, kept);

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy     <= 1'b0;
      error    <= 1'b0;
      in_left  <= '0;
      out_left <= '0;
    end else if (start) begin
      busy      <= 1'b1;
      error     <= 1'b0;
      in_left   <= words(length, address[2:0]);
      out_left  <= words(length, offset);
      shift     <= address[2:0] - offset;
      keep_only <= address[2:0] > offset;
    end else if (busy) begin
      if (answered) begin
        kept      <= m_axi_rdata;
        keep_only <= 1'b0;
        in_left   <= in_left - 1;
        if (m_axi_rresp != 2'b00) error <= 1'b1;
      end
      if (out_valid) out_left <= out_left - 1;
      if (bursts == 0 && !ask && !m_axi_arvalid && (halted || (in_left == 0 && out_left == 0))) busy <= 1'b0;
    end
  end
endmodule
