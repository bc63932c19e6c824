-- Behave as the design's five memories, which its tools make of block RAM. Learning reads addresses past their ends,
-- where a simulator would stop; here these read 0. Nothing that this bench asks for depends on what stands there.

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity bench_memory is
  generic (width : positive; fill : integer);
  port (
    clk, we : in std_logic;
    write_addr, first_addr, second_addr : in unsigned(15 downto 0);
    data_in : in signed(width - 1 downto 0);
    first, second : out signed(width - 1 downto 0)
  );
end entity;

architecture bench of bench_memory is
  constant words : positive := 96 * 96;
  type held is array (0 to words - 1) of integer;

  impure function at(address : unsigned(15 downto 0); memory : held) return signed is
  begin
    if is_x(std_logic_vector(address)) or to_integer(address) >= words then
      return to_signed(0, width);
    end if;
    return to_signed(memory(to_integer(address)), width);
  end function;
begin
  process (clk)
    variable memory : held := (others => fill);
  begin
    if rising_edge(clk) then
      first <= at(first_addr, memory);  -- what is written shows an edge later
      second <= at(second_addr, memory);
      if we = '1' then
        memory(to_integer(write_addr)) := to_integer(data_in);
      end if;
    end if;
  end process;
end architecture;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity weight_ram is  -- all-to-all
  port (
    clk, we : in std_logic;
    write_addr : in unsigned(15 downto 0);
    data_in : in signed(7 downto 0);
    read_addr : in unsigned(15 downto 0);
    data_out : out signed(7 downto 0);
    read_addr_stdp : in unsigned(15 downto 0);
    data_out_stdp : out signed(7 downto 0)
  );
end entity;

architecture bench of weight_ram is
begin
  inside : entity work.bench_memory
    generic map (width => 8, fill => 6)
    port map (clk => clk, we => we, write_addr => write_addr, first_addr => read_addr, second_addr => read_addr_stdp,
              data_in => data_in, first => data_out, second => data_out_stdp);
end architecture;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity weight_ram_ff is  -- feed-forward
  port (
    clk, we : in std_logic;
    write_addr : in unsigned(15 downto 0);
    data_in : in signed(7 downto 0);
    read_addr : in unsigned(15 downto 0);
    data_out : out signed(7 downto 0);
    read_addr_stdp : in unsigned(15 downto 0);
    data_out_stdp : out signed(7 downto 0)
  );
end entity;

architecture bench of weight_ram_ff is
begin
  inside : entity work.bench_memory
    generic map (width => 8, fill => 1)
    port map (clk => clk, we => we, write_addr => write_addr, first_addr => read_addr, second_addr => read_addr_stdp,
              data_in => data_in, first => data_out, second => data_out_stdp);
end architecture;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity tpre_ram is  -- of learning, which no bit here enables
  port (
    clk, we : in std_logic;
    write_addr : in unsigned(15 downto 0);
    data_in : in signed(7 downto 0);
    read_addr : in unsigned(15 downto 0);
    data_out : out signed(7 downto 0)
  );
end entity;

architecture bench of tpre_ram is
begin
  data_out <= (others => '1');
end architecture;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity apre_ram is
  port (
    clk, we : in std_logic;
    write_addr : in unsigned(15 downto 0);
    data_in : in signed(1 downto 0);
    read_addr : in unsigned(15 downto 0);
    data_out : out signed(1 downto 0)
  );
end entity;

architecture bench of apre_ram is
begin
  data_out <= (others => '0');
end architecture;

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity stdp_enable_ram is  -- as it starts: no synapse learns
  port (
    clk, we : in std_logic;
    write_addr : in unsigned(15 downto 0);
    data_in : in std_logic;
    read_addr : in unsigned(15 downto 0);
    data_out : out std_logic
  );
end entity;

architecture bench of stdp_enable_ram is
begin
  data_out <= '0';
end architecture;
